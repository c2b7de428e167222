package local

import (
	"fmt"
	"strings"
	"testing"
)

func TestConnectionsFitTheLimitOfOpenFiles(t *testing.T) {
	for _, files := range []uint64{fewestFiles, 600, 1024, 4096, 8000, 1 << 20, 1<<64 - 1} {
		c, err := allConnections.within(files)
		if err != nil {
			t.Errorf("%d files: %v", files, err)
			continue
		}
		if uint64(c.files()) > files || c.page < 32 || c.s3 < 8 || c.calls < 4 {
			t.Errorf("%d files: %+v need %d", files, c, c.files())
		}
		if files >= 1<<20 && c != allConnections {
			t.Errorf("%d files: %+v", files, c)
		}
	}
	_, err := allConnections.within(fewestFiles - 1)
	if err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("error %v", err)
	}
}

func TestReducedConnectionsAreStatedWithTheLimitThatAvoidsIt(t *testing.T) {
	s := &service{connections: allConnections}
	if note := s.boundNote(); note != "" {
		t.Errorf("all connections fit, and the note is %q", note)
	}
	var err error
	if s.connections, err = allConnections.within(1024); err != nil {
		t.Fatal(err)
	}
	note := s.boundNote()
	var page, s3, allPage, allS3 int
	var files uint64
	if _, err := fmt.Sscanf(strings.TrimSpace(note), "connections at most %d to the page and %d to S3 at once, %d and %d with ulimit -n %d", &page, &s3, &allPage, &allS3, &files); err != nil {
		t.Fatalf("note %q: %v", note, err)
	}
	if page != s.connections.page || s3 != s.connections.s3 || allPage != allConnections.page || allS3 != allConnections.s3 {
		t.Errorf("note %q of %+v", note, s.connections)
	}
	// The limit is the lowest that suffices.
	if c, err := allConnections.within(files); err != nil || c != allConnections {
		t.Errorf("%d files allow %+v, %v", files, c, err)
	}
	if c, err := allConnections.within(files - 1); err != nil || c == allConnections {
		t.Errorf("%d files allow %+v, %v", files-1, c, err)
	}
}
