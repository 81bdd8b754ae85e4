/**
 * @file The artifact store in memory, as it is published in `distillery/testing`.
 */
export { MemoryStore } from '../../testing/memory-store.js';
