package functions_test

import (
	"embed"
	"encoding/json"
	"strings"
	"testing"
)

// events are in the binary, because the store changes the working directory.
//
//go:embed testdata/*.json
var events embed.FS

// recorded returns a recorded event in which the given placeholders, name and
// value in turn, are replaced. Values are escaped for JSON strings.
func recorded(t *testing.T, file string, slots ...string) json.RawMessage {
	t.Helper()
	data, err := events.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	pairs := make([]string, 0, len(slots))
	for i := 0; i < len(slots); i += 2 {
		quoted, err := json.Marshal(slots[i+1])
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, "${"+slots[i]+"}", strings.Trim(string(quoted), `"`))
	}
	event := strings.NewReplacer(pairs...).Replace(string(data))
	if strings.Contains(event, "${") || !json.Valid([]byte(event)) {
		t.Fatalf("%s has a slot that is not filled, or is not JSON:\n%s", file, event)
	}
	return json.RawMessage(event)
}

// created returns S3's event of a new object. key is encoded as S3 does.
func created(t *testing.T, key string) json.RawMessage {
	t.Helper()
	return recorded(t, "s3-object-created.json", "version", "2.5", "eventName", "ObjectCreated:Put", "key", key)
}
