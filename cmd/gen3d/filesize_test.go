package main

import "testing"

func TestFileSizesUsePowersOfTen(t *testing.T) {
	for text, want := range map[string]fileSize{"0": 0, "512": 512, "1B": 1, "10KB": 10_000, "500MB": 500_000_000, "1GB": 1_000_000_000, " 2 gb ": 2_000_000_000, "1TB": 1_000_000_000_000} {
		var got fileSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is read as %d (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GB", "-1", "1.5GB", "1PB", "9999999999GB", "99999999999999999999"} {
		var got fileSize
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}
