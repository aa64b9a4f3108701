package vaultnet_test

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Go goes through a map in a random order, so a rule that does it decides by chance: replicas part, and a seed does not
// replay. Where the order does not matter, a comment on that line or the line above says so, with the words "any order".
func TestNoRuleGoesThroughAMap(t *testing.T) {
	if testing.Short() {
		t.Skip("type checks every pure package")
	}
	files, packages := sources(t)
	imported := importer.ForCompiler(files, "gc", exports(t))
	for _, dir := range append(expand("PURE"), "vault/store/memory", "sim", "sim/adversary") {
		if len(packages[dir]) == 0 {
			continue
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
		config := types.Config{Importer: imported}
		if _, err := config.Check(dir, files, packages[dir], info); err != nil {
			t.Errorf("package %s does not compile: %v", dir, err)
			continue
		}
		for _, f := range packages[dir] {
			said := anyOrder(files, f)
			report := func(at token.Pos, what string) {
				p := files.Position(at)
				if !said[p.Line] && !said[p.Line-1] {
					t.Errorf("%v: %s in no order: sort, or say that any order will do", p, what)
				}
			}
			sorted := map[ast.Expr]bool{} // arguments of slices.Sorted and the like
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.RangeStmt:
					if _, ok := info.TypeOf(n.X).Underlying().(*types.Map); ok {
						report(n.Pos(), "a map is gone through")
					}
				case *ast.CallExpr:
					switch name := called(info, n); {
					case strings.HasPrefix(name, "slices.Sorted") && len(n.Args) > 0:
						sorted[n.Args[0]] = true
					case (name == "maps.Keys" || name == "maps.Values" || name == "maps.All") && !sorted[n]:
						report(n.Pos(), name)
					case name == "reflect.MapRange" || name == "reflect.MapKeys":
						report(n.Pos(), name)
					}
				}
				return true
			})
		}
	}
}

// anyOrder are the lines whose comment has these words.
func anyOrder(files *token.FileSet, f *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, g := range f.Comments {
		for _, c := range g.List {
			if strings.Contains(c.Text, "any order") {
				lines[files.Position(c.End()).Line] = true
			}
		}
		if strings.Contains(strings.Join(strings.Fields(g.Text()), " "), "any order") {
			lines[files.Position(g.End()).Line] = true
		}
	}
	return lines
}

// called is the package and name of the function that a call is to, "" where that is not known.
func called(info *types.Info, call *ast.CallExpr) string {
	fun := ast.Unparen(call.Fun)
	if i, ok := fun.(*ast.IndexExpr); ok {
		fun = i.X
	}
	s, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	f, ok := info.Uses[s.Sel].(*types.Func)
	if !ok || f.Pkg() == nil {
		return ""
	}
	return f.Pkg().Path() + "." + f.Name()
}

// exports looks up the compiler's export data of everything the module imports.
func exports(t *testing.T) importer.Lookup {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}", "./...")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	at := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		importPath, file, _ := strings.Cut(s.Text(), " ")
		at[importPath] = file
	}
	return func(importPath string) (io.ReadCloser, error) {
		file, ok := at[importPath]
		if !ok {
			return nil, fmt.Errorf("no export data for %s among %d packages, %q first", importPath, len(at),
				slices.Sorted(maps.Keys(at))[:1])
		}
		return os.Open(file)
	}
}
