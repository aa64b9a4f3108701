package defects

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// overlay is the shipped source with every defect compiled in beside what it replaces: one build holds all of them, and
// the environment variable [activeVariable] chooses which is active. None of it is ever part of a shipped file.
type overlay struct {
	root string // of the module
	dir  string // where the rewritten files are
	file string // for go build -overlay
}

const activeVariable = "VAULTNET_DEFECT"

// newOverlay rewrites the functions that the defects replace. A function that has changed its shape, or is gone, fails
// the test: a defect that no longer applies proves nothing.
func newOverlay(t *testing.T, defects []defect) *overlay {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	o := &overlay{root: root, dir: t.TempDir()}
	replace := map[string]string{}
	byFile := map[string][]defect{}
	var files []string
	for _, d := range defects {
		if byFile[d.file] == nil {
			files = append(files, d.file)
		}
		byFile[d.file] = append(byFile[d.file], d)
	}
	for i, file := range files {
		src, err := rewrite(filepath.Join(root, file), byFile[file])
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out := filepath.Join(o.dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(out, src, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, file)] = out
	}
	active := filepath.Join(o.dir, "active.go")
	if err := os.WriteFile(active, []byte("package defect\n\nimport \"os\"\n\nvar Active = os.Getenv(\""+activeVariable+"\")\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	replace[filepath.Join(root, "internal/defect/active.go")] = active
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	o.file = filepath.Join(o.dir, "overlay.json")
	if err := os.WriteFile(o.file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// rewrite renames each replaced function to its name and "Shipped", and puts a function in its place that asks which
// defect is active.
func rewrite(path string, defects []defect) ([]byte, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var tail bytes.Buffer
	done := map[string]bool{}
	for _, d := range defects {
		if done[d.function] {
			continue
		}
		done[d.function] = true
		fn := find(file, d.function)
		if fn == nil {
			return nil, fmt.Errorf("there is no function %s for the defect %q to replace", d.function, d.name)
		}
		name := fn.Name.Name
		var head bytes.Buffer
		if err := printer.Fprint(&head, set, &ast.FuncDecl{Recv: fn.Recv, Name: fn.Name, Type: fn.Type}); err != nil {
			return nil, err
		}
		fmt.Fprintf(&tail, "\n%s {\n\tswitch defect.Active {\n", head.String())
		for _, e := range defects {
			if e.function == d.function {
				fmt.Fprintf(&tail, "\tcase %q:\n%s\n", e.name, e.body)
			}
		}
		call := name + "Shipped(" + arguments(fn.Type.Params) + ")"
		if fn.Recv != nil {
			call = fn.Recv.List[0].Names[0].Name + "." + call
		}
		if fn.Type.Results != nil {
			call = "return " + call
		}
		fmt.Fprintf(&tail, "\t}\n\t%s\n}\n", call)
		fn.Name = ast.NewIdent(name + "Shipped")
	}
	var out bytes.Buffer
	if err := printer.Fprint(&out, set, file); err != nil {
		return nil, err
	}
	src := out.String() + tail.String()
	at := strings.Index(src, "\nimport")
	if at < 0 { // no imports: after the package clause
		at = strings.Index(src, "\npackage ") + 1
		at += strings.Index(src[at:], "\n")
	}
	src = src[:at] + "\nimport \"vaultnet/internal/defect\"\n" + src[at:]
	return format.Source([]byte(src))
}

// find looks a function up by "name" or "Type.name".
func find(file *ast.File, function string) *ast.FuncDecl {
	typ, name, method := strings.Cut(function, ".")
	if !method {
		name = typ
	}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != name || method != (fn.Recv != nil) {
			continue
		}
		if method {
			r := fn.Recv.List[0].Type
			if s, ok := r.(*ast.StarExpr); ok {
				r = s.X
			}
			if id, ok := r.(*ast.Ident); !ok || id.Name != typ {
				continue
			}
		}
		return fn
	}
	return nil
}

func arguments(params *ast.FieldList) string {
	var names []string
	for _, p := range params.List {
		for _, n := range p.Names {
			if _, variadic := p.Type.(*ast.Ellipsis); variadic {
				names = append(names, n.Name+"...")
				continue
			}
			names = append(names, n.Name)
		}
	}
	return strings.Join(names, ", ")
}
