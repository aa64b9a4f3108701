package network

import (
	"os"
	"path/filepath"
)

// DefaultName is the name of a local network that was given none.
const DefaultName = "local"

// LocalPath is where the network file of a network on this machine lies: vaultnet/NAME.json in the user's cache folder,
// so that whoever starts one and whoever uses it agree without a word. The empty name stands for [DefaultName]. Nothing
// is made or looked for.
func LocalPath(name string) (string, error) {
	if name == "" {
		name = DefaultName
	}
	if !ValidName(name) {
		return "", &Error{Field: "name", Wrong: "the name of a local network is 1 to 63 of a-z, 0-9 and -", Remedy: "choose another"}
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", &Error{Wrong: "no cache folder", Cause: err, Remedy: "set HOME or XDG_CACHE_HOME, or name the network file"}
	}
	return filepath.Join(dir, "vaultnet", name+".json"), nil
}

// ValidName reports whether a local network may be called so: 1 to 63 of a-z, 0-9 and -, not beginning with -.
func ValidName(name string) bool {
	if len(name) < 1 || len(name) > 63 || name[0] == '-' {
		return false
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
