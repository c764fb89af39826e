/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A worker that starts children without pause until it is told to stop; then it says how many there were. */
let stopped = false;
let children = 0;

self.onmessage = () => stopped = true;
self.postMessage("started");
while (!stopped) {
  await Promise.all(Array.from({ length: 2 }, async () => {
    await new Deno.Command("/bin/true", { stdin: "null", stdout: "null", stderr: "null" }).output();
    children++;
  }));
}
self.postMessage(children);
self.close();
