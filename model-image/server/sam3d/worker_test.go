package sam3d

import (
	"errors"
	"log/slog"
	"os"
	"testing"
)

// The exporter has begun with an object if it has sent anything, however late
// that is read.
func TestMessagesBeforeAnInvalidOneAreRead(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w, err := start(Config{Environment: []string{"GEN3D_TEST_WORKER=plain"}, Log: slog.New(slog.DiscardHandler)}, []string{program}, "exporter")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.send(export{run: run{Type: "export", ID: "a", Label: "export-garbage"}}); err != nil {
		t.Fatal(err)
	}
	<-w.exited
	if message, begun, err := w.await(t.Context(), "a", func(string) {}); !begun || !errors.Is(err, errProtocol) {
		t.Errorf("%v, begun %v, %v", message, begun, err)
	}
}
