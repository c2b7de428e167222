package sam3d_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"gen3d/model-image/server/sam3d"
)

// entry is one message of the transcripts, which the worker's tests check as
// well.
type entry struct {
	From    string          `json:"from"`
	Message json.RawMessage `json:"message"`
}

func transcripts(t testing.TB) []entry {
	t.Helper()
	data, err := os.ReadFile("../../worker/testdata/transcripts.json")
	if err != nil {
		t.Fatal(err)
	}
	var byName map[string][]entry
	if err := json.Unmarshal(data, &byName); err != nil {
		t.Fatal(err)
	}
	var all []entry
	for _, entries := range byName {
		all = append(all, entries...)
	}
	if len(all) < 20 {
		t.Fatalf("the transcripts have %d messages", len(all))
	}
	return all
}

func TestTranscriptMessagesRoundTrip(t *testing.T) {
	for _, e := range transcripts(t) {
		var kind struct{ Type string }
		if err := json.Unmarshal(e.Message, &kind); err != nil {
			t.Fatal(err)
		}
		message, err := sam3d.Decode(e.Message)
		if e.From == "server" {
			if err == nil {
				t.Errorf("the worker may send %s", kind.Type)
			}
			message = sam3d.ServerMessage(kind.Type)
			decoder := json.NewDecoder(bytes.NewReader(e.Message))
			decoder.DisallowUnknownFields()
			err = decoder.Decode(message)
		}
		if err != nil {
			t.Errorf("%s: %v", e.Message, err)
			continue
		}
		frame, err := sam3d.Frame(message)
		if err != nil {
			t.Fatal(err)
		}
		var want, have any
		if json.Unmarshal(e.Message, &want) != nil || json.Unmarshal(frame[4:], &have) != nil || !reflect.DeepEqual(want, have) {
			t.Errorf("written as\n%s\nread from\n%s", frame[4:], e.Message)
		}
	}
}

func TestTruncatedFrameIsAProtocolError(t *testing.T) {
	frame, err := sam3d.Frame(map[string]string{"type": "log", "level": "info", "message": "hello"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sam3d.Receive(bytes.NewReader(frame)); err != nil {
		t.Error(err)
	}
	if _, err := sam3d.Receive(bytes.NewReader(nil)); !errors.Is(err, io.EOF) {
		t.Errorf("the end is %v", err)
	}
	for cut := 1; cut < len(frame); cut++ {
		if _, err := sam3d.Receive(bytes.NewReader(frame[:cut])); !errors.Is(err, sam3d.ErrProtocol) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestFrameRefusesLongMessages(t *testing.T) {
	if _, err := sam3d.Frame(map[string]string{"type": "run", "label": strings.Repeat("x", 1<<20)}); err == nil {
		t.Error("a message of 1 MiB was accepted")
	}
}

func FuzzReceive(f *testing.F) {
	for _, e := range transcripts(f) {
		f.Add([]byte(e.Message))
	}
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, body []byte) {
		stream := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
		message, err := sam3d.Receive(bytes.NewReader(stream))
		if err != nil {
			if !errors.Is(err, sam3d.ErrProtocol) {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		frame, err := sam3d.Frame(message)
		if err != nil {
			t.Fatal(err)
		}
		again, err := sam3d.Receive(bytes.NewReader(frame))
		if err != nil || !reflect.DeepEqual(message, again) {
			t.Fatalf("%q reads as %+v, then as %+v, %v", body, message, again, err)
		}
	})
}
