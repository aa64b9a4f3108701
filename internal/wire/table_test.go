package wire

import "testing"

func TestTableIsInOrder(t *testing.T) {
	for i := range Table {
		r := &Table[i]
		if int(r.Code) != i+1 || r.Persona == 0 || r.From == 0 || r.MaxSize <= 0 || r.MaxSize > maxMessage || r.Purpose == "" {
			t.Errorf("row %d: %+v", i, r)
		}
		if got := RowOf(r.fresh()); got != r {
			t.Errorf("a %s has row %v", r.Name, got)
		}
	}
	if RowOf(nil) != nil {
		t.Error("no message has a row")
	}
}
