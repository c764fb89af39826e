/**
 * Loaded before every test on the compile runtime: that version watches for open resources by default, the developing
 * one only on request. A library that is opened once for the life of the process, as tacit opens libc, is no leak.
 */
const test = Deno.test;
const off = { sanitizeOps: false, sanitizeResources: false };

(Deno as { test: typeof test }).test = new Proxy(test, {
  apply(_target, _self, [first, second, third]: [unknown, unknown, unknown]) {
    if (typeof first === "function") return test({ ...off, name: first.name, fn: first as () => void });
    const named = typeof first === "string" ? { name: first } : first as Record<string, unknown>;
    const more = typeof second === "object" ? second as Record<string, unknown> : {};
    const fn = [second, third].find((argument) => typeof argument === "function");
    return test({ ...off, ...named, ...more, ...(fn === undefined ? {} : { fn }) } as Deno.TestDefinition);
  },
});
