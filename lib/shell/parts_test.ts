import assert from "node:assert/strict";
import { commandParts, leadingCd } from "./parts.ts";

const PARTS: [command: string, parts: string[] | null][] = [
  ["rm -rf x # {{X}}", ["rm -rf x"]],
  ["cd /x && rm -rf y", ["cd /x", "rm -rf y"]],
  ["a | b && c || d; e & f\ng |& h", ["a", "b", "c", "d", "e", "f", "g", "h"]],
  ["curl -H 'X: {{A}}' u > f 2>&1", ["curl -H 'X: {{A}}' u > f 2>&1"]],
  ['echo $(rm x) "$(rm z)"', ['echo $(rm x) "$(rm z)"', "rm x", "rm z"]],
  ["echo `rm \\`rm y\\``", ["rm y", "rm `rm y`", "echo `rm \\`rm y\\``"]],
  ["echo ${x:-$(rm x)}", ["echo ${x:-$(rm x)}", "rm x"]],
  ["echo $(( $(rm x) + 1 ))", ["echo $(( $(rm x) + 1 ))", "rm x"]],
  ["cat <(rm p) > $(rm q)", ["cat <(rm p) > $(rm q)", "rm p", "rm q"]],
  ["cat <<E\n$(rm h)\nE\nls", ["cat <<E", "rm h", "ls"]],
  ["X=1 curl z", ["X=1 curl z", "curl z"]],
  ["X=$(rm r)", ["X=$(rm r)", "rm r"]],
  ["X=($(rm r) 'a')", ["X=($(rm r) 'a')", "rm r"]],
  ["> f rm x", ["> f rm x", "rm x"]],
  ["'rm' x; r\\m y; \"rm\" z; /bin/rm w", ["rm x", "rm y", "rm z", "/bin/rm w"]],
  ["! time -p rm q", ["rm q"]],
  ["if a; then rm x; elif b; then c; else d; fi", ["a", "rm x", "b", "c", "d"]],
  ["for i in $(ls); do rm $i; done", ["ls", "rm $i"]],
  ["while read x; do rm $x; done < <(find .)", ["find .", "read x", "rm $x"]],
  ["case $x in a) rm b;; *) c;; esac", ["rm b", "c"]],
  ["f() { rm x; }; f", ["rm x", "f"]],
  ["(rm x; { ls; })", ["rm x", "ls"]],
  ["[[ -f x ]] && ((1)) && rm z", ["[[ -f x ]]", "((1))", "rm z"]],
  ["timeout 5 nice rm x", ["timeout 5 nice rm x", "nice rm x", "rm x"]],
  ["env A=b sudo rm x", ["env A=b sudo rm x", "sudo rm x", "rm x"]],
  ["ls | xargs -n1 rm", ["ls", "xargs -n1 rm", "rm"]],
  ["find . -exec rm {} \\;", ["find . -exec rm {} \\;", "rm {} \\;"]],
  ["bash -c 'rm x; ls'", ["bash -c 'rm x; ls'", "rm x", "ls"]],
  ['timeout 5 bash -c "rm x"', ['timeout 5 bash -c "rm x"', 'bash -c "rm x"', "rm x"]],
  ["bash <<'E'\nrm g\nE", ["bash <<'E'", "rm g"]],
  ["eval rm 'x; ls'", ["eval rm 'x; ls'", "rm x", "ls"]],
  ["trap 'rm x' EXIT", ["trap 'rm x' EXIT", "rm x"]],
  ["", []],
  ["# rm x", []],
  ['eval "$x"', null],
  ['bash -c "$x"', null],
  ["bash <<E\nrm $x\nE", null],
  ["$x y", null],
  ["echo ${x:-{{U}};rm y}", null],
  ["echo 'open", null],
  ["a && ", null],
  ["a )", null],
];

Deno.test("the parts of a command are all simple commands that it may run, as typed", () => {
  for (const [command, parts] of PARTS) assert.deepEqual(commandParts(command), parts, command);
});

const CD: [command: string, prefix: string | null, dir?: string][] = [
  ["cd /x && y", "cd /x && ", "/x"],
  [" cd '/a b'  &&  y | z", " cd '/a b'  &&  ", "/a b"],
  ['cd a\\ b/"c d" && y && z # && w', 'cd a\\ b/"c d" && ', "a b/c d"],
  ["cd ../x &&\n  y", "cd ../x &&\n  ", "../x"],
  ["cd x && \\\n y", "cd x && \\\n ", "x"],
  ["cd -- x && cat <<E\nb\nE\n", "cd -- x && ", "x"],
  ["cd ~ && y", "cd ~ && ", "~"],
  ["cd ~/p && y", "cd ~/p && ", "~/p"],
  ["cd '~/p' && y", "cd '~/p' && ", "./~/p"],
  ["cd {{A}} && y", null],
  ["cd $X && y", null],
  ["cd ~user && y", null],
  ["cd a* && y", null],
  ["cd {a,b} && y", null],
  ["cd - && y", null],
  ["cd -P x && y", null],
  ["cd '' && y", null],
  ["cd && y", null],
  ["cd x y && z", null],
  ["cd x > f && y", null],
  ["X=1 cd x && y", null],
  ["! cd x && y", null],
  ["cd x | y && z", null],
  ["cd x; y", null],
  ["cd x || y", null],
  ["cd x && y || z", null],
  ["cd x && y; z", null],
  ["cd x && y &", null],
  ["cd x && y\nz", null],
  ["(cd x && y)", null],
  ["cd x && 'open", null],
  ["echo cd x && y", null],
];

Deno.test("a leading cd is split off where all that follows depends on it", () => {
  for (const [command, prefix, dir] of CD) {
    const found = leadingCd(command);
    assert.equal(found?.prefix ?? null, prefix, command);
    if (found === null) continue;
    assert.equal(found.dir, dir);
    assert.equal(found.prefix + found.rest, command);
  }
});
