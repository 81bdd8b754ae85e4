/**
 * @file Traces by OpenTelemetry: a span for every workflow, activity, signal and child, sent by OTLP over HTTP to
 * where the standard variables say. Nothing of it is loaded where they say nothing.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, ContextManager } from '@opentelemetry/api';
import type { WorkerPlugin } from '@temporalio/worker';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Tracing {
  /** For every worker; workflows have to be bundled with it. */
  readonly plugin: WorkerPlugin;
  /** Sends what has not been sent. */
  shutdown(): Promise<void>;
}

/** Whether the standard variables ask for traces. */
export function wantsTraces(environment: Environment): boolean {
  const set = (name: string) => (environment[name] ?? '') !== '';
  if (environment['OTEL_SDK_DISABLED'] === 'true' || environment['OTEL_TRACES_EXPORTER'] === 'none')
    return false;
  return set('OTEL_EXPORTER_OTLP_ENDPOINT') || set('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
}

/**
 * Sets tracing up for this process, once: endpoint, headers, timeouts, sampling and resource come from the
 * variables OTEL_*.
 */
export async function startTracing(): Promise<Tracing> {
  const [
    { ROOT_CONTEXT },
    { OTLPTraceExporter },
    { detectResourcesSync, envDetectorSync, Resource },
    sdk,
    { OpenTelemetryPlugin },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-base'),
    import('@temporalio/interceptors-opentelemetry'),
  ]);
  const { attributes } = detectResourcesSync({ detectors: [envDetectorSync] });
  const resource = new Resource({ 'service.name': 'distillery-worker', ...attributes });
  const spanProcessor = new sdk.BatchSpanProcessor(new OTLPTraceExporter());
  const provider = new sdk.BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
  // Also sets how a span's identity travels in headers.
  provider.register({ contextManager: new AsyncContexts(ROOT_CONTEXT) });
  return {
    plugin: new OpenTelemetryPlugin({ resource, spanProcessor, tracer: provider.getTracer('distillery') }),
    async shutdown() {
      // A collector that is away is no reason to stay.
      await provider.shutdown().catch(() => undefined);
    },
  };
}

/** The span that is active, along asynchronous calls. */
class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  /** @param root what is active where nothing else is */
  constructor(private readonly root: Context) {}

  active(): Context {
    return this.#storage.getStore() ?? this.root;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => fn.call(thisArg, ...args));
  }

  bind<T>(active: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const bound: unknown = (...args: unknown[]): unknown =>
      this.#storage.run(active, () => Reflect.apply(target, undefined, args) as unknown);
    return bound as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
