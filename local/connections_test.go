package local

import (
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
