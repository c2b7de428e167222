package authorizer

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// claims are a token's decoded claims, with numbers as json.Number.
type claims map[string]any

func (c claims) text(name string) string {
	text, _ := c[name].(string)
	return text
}

// list returns a claim that is a string or an array of strings.
func (c claims) list(name string) []string {
	switch value := c[name].(type) {
	case string:
		return []string{value}
	case []any:
		var list []string
		for _, item := range value {
			if text, ok := item.(string); ok {
				list = append(list, text)
			}
		}
		return list
	}
	return nil
}

// time returns a NumericDate claim (RFC 7519): seconds since 1970.
func (c claims) time(name string) (time.Time, bool) {
	number, ok := c[name].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	// Beyond the year 9999 the conversion below could overflow.
	if err != nil || seconds < 0 || seconds > 253402300799 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)), true
}

// strings formats every claim as API Gateway does: numbers in decimal without
// an exponent, an array as its items between brackets with spaces ("[admin
// tester]"), an object as "map[name:value …]".
func (c claims) strings() map[string]string {
	written := make(map[string]string, len(c))
	for name, value := range c {
		written[name] = write(value)
	}
	return written
}

func write(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return writeNumber(v)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = write(item)
		}
		return "[" + strings.Join(items, " ") + "]"
	case map[string]any:
		items := make([]string, 0, len(v))
		for name, item := range v {
			items = append(items, name+":"+write(item))
		}
		slices.Sort(items)
		return "map[" + strings.Join(items, " ") + "]"
	}
	return fmt.Sprint(value)
}

// writeNumber removes an exponent, which a JSON encoder may use for a time.
// Numbers beyond ±1e18 are returned unchanged.
func writeNumber(number json.Number) string {
	text := number.String()
	if !strings.ContainsAny(text, "eE") {
		return text
	}
	if f, err := number.Float64(); err != nil || f > 1e18 || f < -1e18 {
		return text
	}
	rational, ok := new(big.Rat).SetString(text)
	if !ok || !rational.IsInt() {
		return text
	}
	return rational.Num().String()
}
