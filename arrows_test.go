package vaultnet_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows says which packages each package may import besides the standard library: directly, outside its tests. It is the
// table of the design's section 2, in its order; "vaultnet" is the root package, and a name in capitals is a list below.
// A package that is not in it fails the test: whoever adds one says here where it belongs.
var arrows = map[string]string{
	"vaultnet":           "",
	"xor":                "vaultnet",
	"refusal":            "vaultnet",
	"internal/canonical": "vaultnet refusal CBOR",
	"internal/merkle":    "vaultnet refusal CBOR",
	"internal/writes":    "vaultnet",
	"permit":             "FOUNDATION",
	"mutabledata":        "FOUNDATION permit",
	"account":            "FOUNDATION permit",
	"immutabledata":      "FOUNDATION permit",
	"agreement":          "FOUNDATION permit",
	"internal/wire":      "FOUNDATION permit KINDS agreement",
	"vault/core":         "FOUNDATION permit KINDS agreement internal/wire",
	"client/op":          "FOUNDATION permit KINDS agreement internal/wire",

	"internal/signature":    "vaultnet VOI",
	"internal/patient":      "",
	"internal/load":         "",
	"internal/sealed":       "CRYPTO",
	"internal/base64url":    "",
	"internal/commandline":  "github.com/peterbourgon/ff/v3/...",
	"vault/store":           "vaultnet",
	"vault/store/storetest": "vaultnet vault/store",
	"vault/store/memory":    "vaultnet vault/store",
	"vault/store/pebble":    "vaultnet vault/store PEBBLE",
	"routing":               "vaultnet xor routing/frame LIBP2P METRICS",
	"routing/frame":         "vaultnet",
	"client/auth":           "PURE CRYPTO internal/sealed internal/base64url client/container",
	"client/container":      "PURE internal/sealed internal/base64url",
	"vault":                 "PURE internal/signature internal/load routing vault/store METRICS",
	"network":               "vaultnet internal/signature",
	"client":                "PURE internal/signature internal/load network routing vault/store client/container client/auth METRICS",

	"client/keyring": "vaultnet network",
	"client/batch":   "PURE client client/keyring",

	"sim":           "PURE internal/signature client/auth client/container vault/store vault/store/memory sim/adversary PORCUPINE",
	"sim/adversary": "PURE internal/signature client/auth client/container vault/store vault/store/memory PORCUPINE",
	"sim/defects":   "", // tests only
	"sim/localnet":  "PURE internal/signature vault client sim/adversary vault/store vault/store/memory vault/store/pebble network routing",

	"bench":      "EVERYTHING",
	"cmd/vault":  "EVERYTHING",
	"cmd/simnet": "EVERYTHING",
	"cmd/safe":   "EVERYTHING",

	"examples/notes": "vaultnet refusal mutabledata client client/auth client/container", // what an app needs, and no more
}

var lists = map[string]string{
	"FOUNDATION": "vaultnet xor refusal internal/canonical internal/merkle internal/writes",
	"KINDS":      "mutabledata account immutabledata",
	"PURE":       "FOUNDATION permit KINDS agreement internal/wire vault/core client/op",
	"CBOR":       "github.com/fxamacker/cbor/v2",
	"VOI":        "github.com/oasisprotocol/curve25519-voi/...",
	"PEBBLE":     "github.com/cockroachdb/pebble/v2/...",
	"LIBP2P":     "github.com/libp2p/... github.com/multiformats/...",
	"CRYPTO":     "golang.org/x/crypto/...",
	"METRICS":    "github.com/prometheus/client_golang/...",
	"PORCUPINE":  "github.com/anishathalye/porcupine",
	"EVERYTHING": "...",
}

// expand replaces the names of lists by what is in them.
func expand(words string) []string {
	var all []string
	for _, w := range strings.Fields(words) {
		if list, ok := lists[w]; ok {
			all = append(all, expand(list)...)
		} else {
			all = append(all, w)
		}
	}
	return all
}

const module = "vaultnet"

// short is a package's path within the module.
func short(importPath string) string {
	if s, ok := strings.CutPrefix(importPath, module+"/"); ok {
		return s
	}
	return importPath
}

func allowed(patterns []string, importPath string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if prefix, ok := strings.CutSuffix(p, "..."); ok {
			return strings.HasPrefix(importPath+"/", prefix)
		}
		return p == short(importPath)
	})
}

// fromStandardLibrary reports whether the import path has no dot in its first element and is not this module's.
func fromStandardLibrary(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return first != module && !strings.Contains(first, ".")
}

// sources parses every file of the module but tests, by package.
func sources(t *testing.T) (*token.FileSet, map[string][]*ast.File) {
	t.Helper()
	files := token.NewFileSet()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() && name != "." && isModule(name):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(name))
		if dir == "." {
			dir = module
		}
		packages[dir] = append(packages[dir], f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 10 {
		t.Fatalf("only %d packages found", len(packages))
	}
	return files, packages
}

// isModule reports whether a folder is a module of its own, with arrows of its own.
func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

func imports(t *testing.T, f *ast.File) map[string]*ast.ImportSpec {
	t.Helper()
	all := map[string]*ast.ImportSpec{}
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		all[p] = i
	}
	return all
}

func TestImportsFollowTheArrows(t *testing.T) {
	files, packages := sources(t)
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		words, ok := arrows[dir]
		if !ok {
			t.Errorf("package %s is not in the table of arrows", dir)
			continue
		}
		patterns := expand(words)
		for _, f := range packages[dir] {
			for importPath, spec := range imports(t, f) {
				if !fromStandardLibrary(importPath) && !allowed(patterns, importPath) {
					t.Errorf("%v: package %s may not import %s", files.Position(spec.Pos()), dir, importPath)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	_, packages := sources(t)
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		comments := 0
		for _, f := range packages[dir] {
			if f.Doc == nil {
				continue
			}
			comments++
			want := "Package " + f.Name.Name + " "
			if f.Name.Name == "main" {
				want = "Command " + path.Base(dir) + " "
			}
			if !strings.HasPrefix(f.Doc.Text(), want) {
				t.Errorf("the comment of package %s does not begin with %q", dir, want)
			}
		}
		if comments != 1 {
			t.Errorf("package %s has %d package comments, want 1", dir, comments)
		}
	}
}

// impure is what a pure package must not import: whatever reads or changes the world, or knows of other goroutines.
var impure = strings.Fields(`context crypto/rand embed hash/maphash io/fs io/ioutil log log/... math/rand net net/... os os/...
	path/filepath plugin runtime runtime/... sync sync/... syscall testing testing/... unsafe`)

// excused are impure imports that decide nothing, with the reason.
var excused = map[string]string{
	"internal/canonical sync": "remembers what it worked out of each type, and reuses buffers",
	"internal/wire sync":      "remembers which permits it has found good, which verdicts do not depend on, and reuses memory",
}

// clocks are the functions of package time that read the clock or wait for it.
var clocks = strings.Fields("Now Since Until Sleep After AfterFunc Tick NewTimer NewTicker")

// ownRandom are the functions of math/rand/v2 that do not use the global source.
var ownRandom = strings.Fields("New NewPCG NewChaCha8 NewZipf Rand PCG ChaCha8 Source Zipf")

// Everything that decides anything has inputs and outputs only: no goroutine, clock, socket, disk or global random source.
func TestPurePackagesArePure(t *testing.T) {
	files, packages := sources(t)
	for _, dir := range expand("PURE") {
		for _, f := range packages[dir] {
			for importPath, spec := range imports(t, f) {
				if fromStandardLibrary(importPath) && allowed(impure, importPath) && excused[dir+" "+importPath] == "" {
					t.Errorf("%v: pure package %s imports %s", files.Position(spec.Pos()), dir, importPath)
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%v: pure package %s starts a goroutine", files.Position(n.Pos()), dir)
				case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
					t.Errorf("%v: pure package %s uses channels", files.Position(n.Pos()), dir)
				case *ast.SelectorExpr:
					if calls(f, n, "time", clocks) {
						t.Errorf("%v: pure package %s reads the clock", files.Position(n.Pos()), dir)
					}
				}
				return true
			})
		}
	}
}

// What is simulated depends on its seed alone.
func TestNoGlobalRandomSource(t *testing.T) {
	files, packages := sources(t)
	for _, dir := range append(expand("PURE"), "internal/signature", "vault/store/memory", "sim", "sim/adversary") {
		for _, f := range packages[dir] {
			for importPath, spec := range imports(t, f) {
				if importPath == "math/rand" || importPath == "crypto/rand" || importPath == "hash/maphash" {
					t.Errorf("%v: package %s imports %s", files.Position(spec.Pos()), dir, importPath)
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && refers(f, s, "math/rand/v2") && !slices.Contains(ownRandom, s.Sel.Name) {
					t.Errorf("%v: package %s uses the global random source", files.Position(s.Pos()), dir)
				}
				return true
			})
		}
	}
}

// refers reports whether s selects from the package at importPath.
func refers(f *ast.File, s *ast.SelectorExpr, importPath string) bool {
	id, ok := s.X.(*ast.Ident)
	if !ok {
		return false
	}
	for _, i := range f.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == importPath {
			name := path.Base(strings.TrimSuffix(p, "/v2"))
			if i.Name != nil {
				name = i.Name.Name
			}
			return id.Name == name
		}
	}
	return false
}

func calls(f *ast.File, s *ast.SelectorExpr, importPath string, names []string) bool {
	return slices.Contains(names, s.Sel.Name) && refers(f, s, importPath)
}

func TestTheTableOfArrowsIsSound(t *testing.T) {
	for dir, words := range arrows {
		for _, p := range expand(words) {
			if strings.ToUpper(p) == p && p != "..." {
				t.Errorf("%s: there is no list %s", dir, p)
			}
			if _, ok := arrows[p]; !ok && !strings.Contains(p, ".") {
				t.Errorf("%s may import %s, which is not in the table", dir, p)
			}
		}
	}
	// Arrows form no circle.
	var visit func(dir string, from []string)
	visit = func(dir string, from []string) {
		if slices.Contains(from, dir) {
			t.Fatalf("a circle: %v → %s", from, dir)
		}
		for _, p := range expand(arrows[dir]) {
			if _, ok := arrows[p]; ok {
				visit(p, append(from, dir))
			}
		}
	}
	for dir := range arrows {
		visit(dir, nil)
	}
	for _, c := range []struct {
		words, importPath string
		want              bool
	}{
		{"xor", "vaultnet/xor", true},
		{"xor", "vaultnet/xor/deeper", false},
		{"vaultnet", "vaultnet", true},
		{"vaultnet", "vaultnet/xor", false},
		{"VOI", "github.com/oasisprotocol/curve25519-voi/curve", true},
		{"VOI", "github.com/oasisprotocol/curve25519-voice", false},
		{"EVERYTHING", "anything.org/at/all", true},
		{"", "vaultnet", false},
	} {
		if allowed(expand(c.words), c.importPath) != c.want {
			t.Errorf("%q allows %s: %v", c.words, c.importPath, !c.want)
		}
	}
}
