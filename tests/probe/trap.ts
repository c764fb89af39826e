/** A listener on loopback that whoever follows a proxy or telemetry variable would find; it counts who comes. */

export class Trap implements Disposable {
  visits = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;

  constructor() {
    this.#serving = (async () => {
      for await (const conn of this.#listener) {
        this.visits++;
        conn.close();
      }
    })();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Variables that lead to it. */
  get variables(): Record<string, string> {
    const url = `http://127.0.0.1:${this.port}`;
    const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    return {
      ...Object.fromEntries(proxies.map((name) => [name, url])),
      NO_PROXY: "",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      DENO_CACHE_LSC_ENDPOINT: url,
      JSR_URL: url,
      NPM_CONFIG_REGISTRY: url,
    };
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    void this.#serving.catch(() => {});
  }
}
