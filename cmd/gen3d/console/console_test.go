package console_test

import (
	"bytes"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/console"
)

func TestTableIsAlignedAndPlain(t *testing.T) {
	var out bytes.Buffer
	s := console.Streams{Out: &out}
	if err := s.Table([]string{"NAME", "REASON"}, [][]string{{"a longer name", ""}, {"b", "no\x1b[31m\troom"}}); err != nil {
		t.Fatal(err)
	}
	if want := "NAME           REASON\na longer name\nb              no\uFFFD[31m\uFFFDroom\n"; out.String() != want {
		t.Errorf("printed\n%q, want\n%q", out.String(), want)
	}
}

func TestOnlyYesConfirms(t *testing.T) {
	for answer, want := range map[string]bool{"yes\n": true, "yes": true, " yes \r\n": true, "y\n": false, "YES\n": false, "": false, "yes please\n": false} {
		var questions bytes.Buffer
		s := console.Streams{In: strings.NewReader(answer), Err: &questions}
		if err := s.Confirm(false, "Delete %s?", "it"); (err == nil) != want {
			t.Errorf("%q: %v", answer, err)
		}
		if questions.String() != "Delete it? Type yes to go on: " {
			t.Errorf("asked %q", questions.String())
		}
	}
	if err := (console.Streams{}).Confirm(true, "Delete?"); err != nil {
		t.Error(err)
	}
}
