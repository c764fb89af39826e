import assert from "node:assert/strict";
import { readArguments } from "./run_arguments.ts";

Deno.test("readArguments() reads the plain form", () => {
  const argv = [
    "--home",
    "/h",
    "--secret",
    "A=B",
    "--secret",
    "C",
    "--file",
    "K=V",
    "--env-file",
    ".env",
    "--",
    "x",
    "--y",
  ];
  assert.deepEqual(readArguments(argv), {
    home: "/h",
    options: { secret: ["A=B", "C"], file: ["K=V"], envFile: ".env" },
    command: ["x", "--y"],
  });
});

Deno.test("readArguments() leaves everything else to the parser", () => {
  for (const argv of [[], ["--"], ["--secret"], ["--secret", "A"], ["--secret=A", "--", "x"], ["--json", "--", "x"]]) {
    assert.equal(readArguments(argv), null, argv.join(" "));
  }
  assert.equal(readArguments(["--secret", "--", "x"]), null);
  assert.equal(readArguments(["x"]), null);
});
