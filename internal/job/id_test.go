package job_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/quick"
	"time"

	"gen3d/internal/job"
)

func newID(t testing.TB, at time.Time) job.ID {
	t.Helper()
	id, err := job.NewID(at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestIDsSortNewestFirst(t *testing.T) {
	start := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	var ids []job.ID
	for _, step := range []time.Duration{0, time.Millisecond, time.Second, time.Hour, 24 * time.Hour, 3650 * 24 * time.Hour, 36500 * 24 * time.Hour} {
		ids = append(ids, newID(t, start.Add(step)))
	}
	slices.Reverse(ids)
	if !slices.IsSorted(ids) {
		t.Errorf("newest first, the IDs are %v", ids)
	}
}

func TestAnIDCarriesItsTimeAndOrdersByIt(t *testing.T) {
	holds := func(a, b uint64) bool {
		const last = 1<<48 - 1
		at, bt := time.UnixMilli(int64(a%last)), time.UnixMilli(int64(b%last))
		x, y := newID(t, at), newID(t, bt)
		if !x.Created().Equal(at) || !y.Created().Equal(bt) {
			return false
		}
		if _, err := job.ParseID(string(x)); err != nil {
			return false
		}
		return at.Equal(bt) || (x < y) == at.After(bt)
	}
	if err := quick.Check(holds, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}

func TestTimesOutOfRangeAreClamped(t *testing.T) {
	for at, want := range map[time.Time]int64{
		time.Unix(-1, 0): 0, time.UnixMilli(1 << 60): 1<<48 - 1, {}: 0,
	} {
		if id := newID(t, at); id.Created().UnixMilli() != want {
			t.Errorf("the ID of %v holds %v", at, id.Created())
		}
	}
}

func TestIDsDiffer(t *testing.T) {
	at := time.Now()
	seen := map[job.ID]bool{}
	for range 1000 {
		seen[newID(t, at)] = true
	}
	if len(seen) != 1000 {
		t.Errorf("1000 IDs of one moment are %d", len(seen))
	}
}

func TestNewIDReturnsReadErrors(t *testing.T) {
	broken := errors.New("no randomness")
	if _, err := job.NewID(time.Now(), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if _, err := job.NewID(time.Now(), bytes.NewReader(make([]byte, 9))); err == nil {
		t.Error("9 of 10 bytes were enough")
	}
}

func TestADerivedIDNamesOneStoredVersion(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	id := job.DeriveID("bucket", "key", "version", at)
	if id != job.DeriveID("bucket", "key", "version", at.In(time.FixedZone("east", 3600))) {
		t.Error("the same version has two IDs")
	}
	if _, err := job.ParseID(string(id)); err != nil || !id.Created().Equal(at) {
		t.Errorf("%s is no ID of %v: %v", id, at, err)
	}
	for _, other := range []job.ID{
		job.DeriveID("bucke", "tkey", "version", at), job.DeriveID("bucket", "keyv", "ersion", at),
		job.DeriveID("bucket", "key", "version2", at), job.DeriveID("bucket", "key", "version", at.Add(time.Second)),
	} {
		if other == id {
			t.Error("two versions have one ID")
		}
	}
}

func TestParseIDRefusesInvalidIDs(t *testing.T) {
	valid := string(newID(t, time.Now()))
	for name, s := range map[string]string{
		"empty": "", "short": valid[1:], "long": valid + "0", "upper case": strings.ToUpper("a" + valid[1:]),
		"character that Crockford excludes": valid[:25] + "l", "slash": valid[:25] + "/",
		"time beyond 48 bits": "8" + valid[1:], "not ASCII": valid[:24] + "é",
	} {
		if id, err := job.ParseID(s); err == nil {
			t.Errorf("%s: %q passed as %s", name, s, id)
		}
		if at := job.ID(s).Created(); !at.IsZero() {
			t.Errorf("%s: %q was created at %v", name, s, at)
		}
	}
}
