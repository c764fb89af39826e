import assert from "node:assert/strict";
import { rewriteCommand } from "./rewrite.ts";

const verdict = (command: string) => rewriteCommand(command, (name) => name === "A", (name) => `V_${name}`).ok;

/** Variables whose content a shell or a program runs, looks up or calculates with. */
const DECIDING =
  "IFS PATH CDPATH BASH_ENV ENV PS1 PS4 PROMPT_COMMAND LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES " +
  "GIT_SSH GIT_SSH_COMMAND GIT_EDITOR GIT_PAGER GIT_ASKPASS GIT_EXTERNAL_DIFF GIT_CONFIG_COUNT SSH_ASKPASS " +
  "SUDO_ASKPASS VISUAL EDITOR PAGER MANPAGER BROWSER LESSOPEN SHELL PERL5OPT PERL5LIB PYTHONSTARTUP PYTHONPATH " +
  "NODE_OPTIONS NODE_PATH RUBYOPT RUBYLIB JAVA_TOOL_OPTIONS MAKEFLAGS RSYNC_RSH RANDOM SECONDS OPTIND SHELLOPTS " +
  "BASHOPTS BASH_FUNC_x";

Deno.test("a value is not put into a variable that decides what runs, however it is set", () => {
  for (const variable of DECIDING.split(" ")) {
    for (const command of [`${variable}={{A}} curl x`, `${variable}={{A}}`, `export ${variable}={{A}}`]) {
      assert.equal(verdict(command), false, command);
    }
    assert.equal(verdict(`env ${variable}={{A}} curl x`), false, variable);
    assert.equal(verdict(`MY_${variable}={{A}} curl x`), true, variable);
  }
  assert.equal(verdict("for PATH in {{A}}; do curl x; done"), false);
});

/** Commands with `{{A}}` where a program takes code. */
const CODE = `eval {{A}}
trap {{A}} EXIT
alias x={{A}}
let {{A}}
complete -C {{A}} x
coproc {{A}}
sed {{A}} f
watch {{A}}
python -c {{A}}
python3.12 -c {{A}}
pypy {{A}}
node -e {{A}}
node -pe {{A}}
node --print {{A}}
bun -e {{A}}
perl -e {{A}}
perl -lane {{A}}
perl -ep {{A}}
ruby -e {{A}}
php -r {{A}}
lua -e {{A}}
awk {{A}} f
gawk -e {{A}} f
jq {{A}} f
psql -c {{A}}
mysql -e {{A}}
sqlite3 db {{A}}
Rscript -e {{A}}
osascript -e {{A}}
emacs --eval {{A}}
zsh -c {{A}}
fish -c {{A}}
ksh -c {{A}}
pwsh -c {{A}}
bash {{A}}
bash --rcfile {{A}}
bash -c "\$x {{A}}"
bash -c "\$x --token {{A}}"
bash -c \$x{{A}}
bash -c \$x {{A}}
sh -c "\$(cat f) {{A}}"
bash -c "echo \$x {{A}}"
test -v {{A}}
[ -R {{A}} ]
printf -v {{A}} x
read {{A}}
unset {{A}}
declare {{A}}
source {{A}}
set {{A}}
ssh h {{A}}
git config core.pager {{A}}
git -c core.editor={{A}} commit
git -c alias.x={{A}} x
tar -I {{A}} -cf x y
rsync -e {{A}} a b:
npx -c {{A}}
find . -exec sh -c {{A}} \\;
xargs sh -c {{A}}
echo {{A}} | bash
echo {{A}} | python
echo {{A}} | node
echo {{A}} | psql
echo {{A}} | xargs sh -c
bash <<< {{A}}
\$x -c {{A}}
docker exec c sh -c {{A}}
env -S {{A}}
sudo bash -c 'echo {{A}}'
env -i bash -c 'echo {{A}}'`.split("\n");

Deno.test("a value becomes code of no program that takes its words for code", () => {
  assert.ok(CODE.length > 50);
  assert.deepEqual(CODE.filter(verdict), []);
});

Deno.test("a value is data to the same programs where they take data", () => {
  const data =
    "python s.py {{A}}|node s.js {{A}}|perl s.pl {{A}}|awk -v t={{A}} 1 f|jq --arg t {{A}} . f|psql -v t={{A}}|" +
    "bash s.sh {{A}}|git -c http.extraHeader={{A}} fetch|test x = {{A}}|printf %s {{A}}|env T={{A}} curl x|" +
    "find . -name {{A}}|xargs curl -H {{A}}|set -- {{A}}|docker run -e T={{A}} i|python - {{A}} < s.py";
  assert.deepEqual(data.split("|").filter((command) => !verdict(command)), []);
});
