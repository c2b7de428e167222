package check

import "testing"

func TestTooLittleDiskForTheImage(t *testing.T) {
	want := "fix  : /var/lib/docker has 12 GB free, and the image's build needs 30 GB; free space: docker system prune"
	if got := space("/var/lib/docker", 12_000_000_000).String(); got != want {
		t.Errorf("the line is\n%s\nwant\n%s", got, want)
	}
	if got := space("/var/lib/docker", 40_000_000_000); got.Status != OK {
		t.Errorf("40 GB are %s", got)
	}
}
