package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/internal/commandline"
)

// completeCommand is what the completion scripts call: safe __complete WORD…, the last word being the one that is typed.
const completeCommand = "__complete"

// completionScripts ask safe itself for what fits, so that they are never out of date. Where it has nothing the shell's
// own completion of files serves.
var completionScripts = map[string]string{
	"bash": `# bash completion for safe: source <(safe completion bash), or save it under /etc/bash_completion.d
_safe() {
    local IFS=$'\n'
    COMPREPLY=($(safe __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace
    fi
}
complete -o default -F _safe safe
`,
	"zsh": `#compdef safe
# zsh completion for safe: save it as _safe in a folder of $fpath, or: source <(safe completion zsh)
_safe() {
    local -a all directories others
    all=("${(@f)$(safe __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    directories=(${(M)all:#*/})
    others=(${all:#*/})
    if (( ${#directories} + ${#others} == 0 )); then
        _files
        return
    fi
    (( ${#directories} )) && compadd -S '' -- "${directories[@]}"
    (( ${#others} )) && compadd -- "${others[@]}"
}
if [[ ${funcstack[1]} == _safe ]]; then
    _safe "$@"
else
    compdef _safe safe
fi
`,
	"fish": `# fish completion for safe: safe completion fish | source, or save it as ~/.config/fish/completions/safe.fish
function __safe_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l all (safe __complete $words[2..-1] 2>/dev/null)
    if test (count $all) -gt 0
        string join \n -- $all
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c safe -f -a '(__safe_complete)'
`,
}

func newCompletion(s streams) *ffcli.Command {
	return &ffcli.Command{
		Name:       "completion",
		ShortUsage: "safe completion bash|zsh|fish",
		ShortHelp:  "Write what completes commands, flags, profiles and paths in a shell.",
		LongHelp: `EXAMPLES
  source <(safe completion bash)                               in ~/.bashrc, from then on
  source <(safe completion zsh)                                in ~/.zshrc
  safe completion fish > ~/.config/fish/completions/safe.fish`,
		FlagSet:   commandline.NewFlagSet("safe completion"),
		UsageFunc: commandline.Usage,
		Exec: func(_ context.Context, args []string) error {
			if err := one(args, "of bash, zsh and fish"); err != nil {
				return err
			}
			script, ok := completionScripts[args[0]]
			if !ok {
				return usageError("%q: want bash, zsh or fish", args[0])
			}
			_, err := io.WriteString(s.out, script)
			return err
		},
	}
}

// completeTime is how long completing a path may take: somebody waits.
const completeTime = 1500 * time.Millisecond

// complete writes what the last word may become.
func complete(ctx context.Context, root *ffcli.Command, words []string, s streams) {
	if len(words) == 0 {
		words = []string{""}
	}
	c := &completion{ctx: ctx, words: words[:len(words)-1], typed: words[len(words)-1]}
	for _, text := range c.candidates(root) {
		fmt.Fprintln(s.out, text)
	}
}

// completion is one word that is being typed.
type completion struct {
	ctx       context.Context
	words     []string // before it
	typed     string
	arguments []string // of words, those that are neither commands nor flags
	network   string   // as flags before it say
	profile   string
	app       string
}

func (c *completion) candidates(root *ffcli.Command) []string {
	at, value := root, (*flag.Flag)(nil)
	for _, w := range c.words {
		switch {
		case value != nil:
			c.set(value.Name, w)
			value = nil
		case strings.HasPrefix(w, "-") && w != "-":
			name, text, whole := strings.Cut(strings.TrimLeft(w, "-"), "=")
			if f := at.FlagSet.Lookup(name); f != nil && !whole && commandline.TakesValue(f) {
				value = f
			} else if whole {
				c.set(name, text)
			}
		default:
			next := commandline.Chosen(&ffcli.Command{Subcommands: at.Subcommands}, []string{w})
			if next.FlagSet == nil || len(c.arguments) > 0 {
				c.arguments = append(c.arguments, w)
			} else {
				at = next
			}
		}
	}
	var all []string
	switch {
	case value != nil:
		all = c.values(value.Name)
	case strings.HasPrefix(c.typed, "-"):
		at.FlagSet.VisitAll(func(f *flag.Flag) { all = append(all, "-"+f.Name) })
	default:
		for _, sub := range at.Subcommands {
			all = append(all, sub.Name)
		}
		all = append(all, c.operands(at.FlagSet.Name())...)
	}
	return slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, c.typed) })
}

func (c *completion) set(name, value string) {
	switch name {
	case "network":
		c.network = value
	case "profile":
		c.profile = value
	case "app":
		c.app = value
	}
}

// values are what a flag may be set to; none: a file, or anything.
func (c *completion) values(name string) []string {
	switch name {
	case "profile":
		return profileNames()
	case "network":
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		files, _ := filepath.Glob(filepath.Join(dir, "vaultnet", "*.json"))
		var names []string
		for _, f := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(f), ".json"))
		}
		return names
	case "container":
		if !strings.Contains(c.typed, "=") {
			return c.paths()
		}
	case "rights":
		return []string{"read", "read,insert", "read,insert,update", "read,insert,update,delete", "all"}
	}
	return nil
}

func profileNames() []string {
	all, err := openProfiles()
	if err != nil {
		return nil
	}
	return all.names()
}

// operands are what may come as an argument of a command.
func (c *completion) operands(command string) []string {
	n := len(c.arguments)
	switch strings.TrimPrefix(command, "safe ") {
	case "account use":
		return profileNames()
	case "completion":
		return []string{"bash", "fish", "zsh"}
	case "ls", "tree", "stat", "cat", "mkdir", "rm", "mv", "cp", "check", "container grow", "container rekey":
		return c.paths()
	case "put", "sync", "share", "unshare":
		if n > 0 {
			return c.paths()
		}
	case "get":
		if n == 0 {
			return c.paths()
		}
	}
	return nil
}

// paths are the paths that what is typed may become: those in the directory that it names.
func (c *completion) paths() []string {
	ctx, stop := context.WithTimeout(c.ctx, completeTime)
	defer stop()
	p := &people{common: common{streams: streams{strings.NewReader(""), io.Discard, io.Discard}, network: c.network}, profile: c.profile, app: c.app}
	a, err := p.anybody(ctx)
	if err != nil {
		return nil
	}
	defer a.close()
	dir := "."
	if i := strings.LastIndex(c.typed, "/"); i >= 0 {
		dir = c.typed[:i]
	}
	s, err := a.at(dir)
	if err != nil {
		return nil
	}
	list, err := a.readDir(ctx, s)
	if err != nil {
		return nil
	}
	var all []string
	for _, l := range list {
		text := join(dir, l.name)
		if l.info == nil || l.info.IsDir() {
			text += "/"
		}
		if oneLine(text) == text {
			all = append(all, text)
		}
	}
	return all
}
