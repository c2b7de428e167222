package standin

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// toJSON converts a call in CBOR to JSON; a time becomes seconds.
func toJSON(body []byte) ([]byte, error) {
	if len(body) == 0 {
		return []byte("{}"), nil
	}
	value, err := cbor.Decode(body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(toGo(value))
}

func toGo(value cbor.Value) any {
	switch v := value.(type) {
	case cbor.Map:
		m := map[string]any{}
		for name, member := range v {
			m[name] = toGo(member)
		}
		return m
	case cbor.List:
		list := []any{}
		for _, member := range v {
			list = append(list, toGo(member))
		}
		return list
	case cbor.String:
		return string(v)
	case cbor.Bool:
		return bool(v)
	case cbor.Uint:
		return uint64(v)
	case cbor.NegInt:
		return -int64(v)
	case cbor.Float64:
		return float64(v)
	case cbor.Float32:
		return float64(v)
	case *cbor.Tag:
		return toGo(v.Value)
	}
	return nil
}

// fromGo converts an answer of maps, lists and plain values to CBOR.
func fromGo(value any) cbor.Value {
	switch v := value.(type) {
	case nil:
		return cbor.Map{}
	case map[string]any:
		m := cbor.Map{}
		for name, member := range v {
			m[name] = fromGo(member)
		}
		return m
	case []any:
		list := cbor.List{}
		for _, member := range v {
			list = append(list, fromGo(member))
		}
		return list
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case int:
		return cbor.Uint(v)
	case float64:
		return cbor.Float64(v)
	case Time:
		return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(time.Time(v).UnixMilli()) / 1000)}
	}
	panic(fmt.Sprintf("standin: an answer with a %T", value))
}
