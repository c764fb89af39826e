/** Promise: scrub streams, which may stay open for hours, never take the connections that hooks need. */
import assert from "node:assert/strict";
import { connect, RefusedError, request } from "../../lib/client/client.ts";
import { MAX_SCRUB_STREAMS } from "../../lib/daemon/requests_scrub.ts";
import { MAX_USE_CONNECTIONS } from "../../lib/daemon/server.ts";
import { callerOf, setStage } from "../kit/daemon_stage.ts";

Deno.test("streams that stay open take no answer from hooks", async () => {
  await using stage = await setStage();
  await stage.start();
  assert.ok(MAX_SCRUB_STREAMS < MAX_USE_CONNECTIONS);
  const open: Deno.Conn[] = [];
  const openStream = async () => {
    const connection = await connect(stage.homes.useSocket);
    open.push(connection);
    return await request(connection, { verb: "scrub_stream", caller: callerOf() });
  };
  try {
    for (let i = 0; i < MAX_SCRUB_STREAMS; i++) await openStream();
    await assert.rejects(openStream, (e) => e instanceof RefusedError && e.code === "busy");
    const hook = await connect(stage.homes.useSocket);
    open.push(hook);
    assert.equal((await request(hook, { verb: "status" })).message["ok"], true);
    // One that ends makes room for the next.
    const [first] = open;
    await request(first!, { verb: "feed_end" });
    await openStream();
  } finally {
    for (const connection of open) connection.close();
  }
});
