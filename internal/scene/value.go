package scene

import (
	"encoding/json"
	"fmt"
)

// element is a JSON object of a glTF document.
type element = map[string]any

// asList returns an array, or nil for another value.
func asList(value any) []any {
	l, _ := value.([]any)
	return l
}

// number returns a JSON number.
func number(n int64) json.Number { return json.Number(fmt.Sprint(n)) }

// orZero returns 0 for a member that is left out.
func orZero(value any) any {
	if value == nil {
		return json.Number("0")
	}
	return value
}

// asIndex returns a whole number that is not negative.
func asIndex(value any) (int, error) {
	text, _ := value.(json.Number)
	n, err := text.Int64()
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%.40q is not a whole number from 0", fmt.Sprint(value))
	}
	return int(n), nil
}
