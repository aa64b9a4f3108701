package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Keep says which of a run's generated faults take part, by their numbers. The zero value keeps all.
type Keep struct {
	chosen bool
	list   []int // increasing
}

// KeepOnly keeps the faults with the given numbers.
func KeepOnly(numbers ...int) Keep {
	list := slices.Clone(numbers)
	slices.Sort(list)
	return Keep{chosen: true, list: slices.Compact(list)}
}

// Has reports whether fault i takes part.
func (k Keep) Has(i int) bool {
	if !k.chosen {
		return true
	}
	_, ok := slices.BinarySearch(k.list, i)
	return ok
}

// String is "all", "none" or the numbers separated by commas.
func (k Keep) String() string {
	switch {
	case !k.chosen:
		return "all"
	case len(k.list) == 0:
		return "none"
	}
	var parts []string
	for _, i := range k.list {
		parts = append(parts, strconv.Itoa(i))
	}
	return strings.Join(parts, ",")
}

// ParseKeep reads what [Keep.String] wrote.
func ParseKeep(s string) (Keep, error) {
	switch s {
	case "all":
		return Keep{}, nil
	case "none":
		return KeepOnly(), nil
	}
	var list []int
	for _, p := range strings.Split(s, ",") {
		i, err := strconv.Atoi(p)
		if err != nil || i < 0 {
			return Keep{}, fmt.Errorf("want all, none, or fault numbers separated by commas")
		}
		list = append(list, i)
	}
	return KeepOnly(list...), nil
}
