/**
 * @file The activities that only pretend, as they are published in `distillery/testing`.
 */
export * from '../../testing/pretend.js';
