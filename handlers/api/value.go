package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object of a request's body. Its methods read fields with the
// types of openapi.yaml and record those of another type. encoding/json does
// not suffice: it accepts null for every type, and for an integer no number
// with a fraction or an exponent.
type object struct {
	path   string // such as objects[0], or empty for the body itself
	fields map[string]any
	wrong  *[]fieldError
}

// name returns a field's full name.
func (o object) name(field string) string {
	if o.path == "" {
		return field
	}
	return o.path + "." + field
}

func (o object) note(field, message string) {
	*o.wrong = append(*o.wrong, fieldError{o.name(field), message})
}

func (o object) wanted(field, kind string, value any) {
	o.note(field, fmt.Sprintf("This field must be %s, not %s.", kind, kindOf(value)))
}

// rejectUnknown records the fields that are not in known. Names are
// case-sensitive.
func (o object) rejectUnknown(known ...string) {
	unknown := []string{}
	for field := range o.fields {
		if !slices.Contains(known, field) {
			unknown = append(unknown, field)
		}
	}
	slices.Sort(unknown)
	for _, field := range unknown {
		o.note(field, "There is no such field; remove it.")
	}
}

func (o object) text(field string) string {
	value, ok := o.fields[field]
	if !ok {
		return ""
	}
	text, ok := value.(string)
	if !ok {
		o.wanted(field, "text", value)
	}
	return text
}

// integer reads a whole number in any notation: 1000, 1000.0 and 1e3 are equal.
func (o object) integer(field string) int64 {
	value, ok := o.fields[field]
	if !ok {
		return 0
	}
	n, message := integer(value)
	if message != "" {
		o.note(field, message)
	}
	return n
}

// boolean reads true or false, which is fallback if the field is left out.
func (o object) boolean(field string, fallback bool) bool {
	value, ok := o.fields[field]
	if !ok {
		return fallback
	}
	is, ok := value.(bool)
	if !ok {
		o.wanted(field, "true or false", value)
	}
	return is
}

// object reads an object, which is empty if the field is left out.
func (o object) object(field string) object {
	inner := object{path: o.name(field), wrong: o.wrong}
	value, ok := o.fields[field]
	if !ok {
		return inner
	}
	if inner.fields, ok = value.(map[string]any); !ok {
		o.wanted(field, "an object", value)
	}
	return inner
}

// optionalObject reads an object or null. ok is false for null and if the field
// is left out.
func (o object) optionalObject(field string) (inner object, ok bool) {
	if o.fields[field] == nil {
		return object{}, false
	}
	return o.object(field), true
}

// names returns the names of the fields.
func (o object) names() map[string]bool {
	names := map[string]bool{}
	for field := range o.fields {
		names[field] = true
	}
	return names
}

// list reads an array or null. The field can be left out.
func (o object) list(field string) []any {
	value := o.fields[field]
	if value == nil {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		o.wanted(field, "a list", value)
	}
	return list
}

// integers reads an array of whole numbers, or null.
func (o object) integers(field string) []int {
	list := o.list(field)
	if list == nil {
		return nil
	}
	numbers := make([]int, len(list))
	for i, value := range list {
		n, message := integer(value)
		if message != "" {
			o.note(fmt.Sprintf("%s[%d]", field, i), message)
		}
		numbers[i] = int(n)
	}
	return numbers
}

// integerLists reads an array of arrays of whole numbers, or null.
func (o object) integerLists(field string) [][]int {
	var lists [][]int
	for i, value := range o.list(field) {
		at := fmt.Sprintf("%s[%d]", field, i)
		if _, ok := value.([]any); !ok {
			o.wanted(at, "a list", value)
			continue
		}
		inner := object{path: o.path, fields: map[string]any{at: value}, wrong: o.wrong}
		lists = append(lists, inner.integers(at))
	}
	return lists
}

// objects reads an array of objects, or null.
func (o object) objects(field string) []object {
	var all []object
	for i, value := range o.list(field) {
		at := fmt.Sprintf("%s[%d]", field, i)
		fields, ok := value.(map[string]any)
		if !ok {
			o.wanted(at, "an object", value)
		}
		all = append(all, object{path: o.name(at), fields: fields, wrong: o.wrong})
	}
	return all
}

// stringList reads an array of strings, or null.
func (o object) stringList(field string) []string {
	var all []string
	for i, value := range o.list(field) {
		text, ok := value.(string)
		if !ok {
			o.wanted(fmt.Sprintf("%s[%d]", field, i), "text", value)
		}
		all = append(all, text)
	}
	return all
}

// maxInteger is the largest integer that every JSON implementation represents
// exactly (RFC 8259, section 6).
const maxInteger = 1<<53 - 1

// integer converts a value to a whole number, or returns a message that says
// why it is not one.
func integer(value any) (n int64, message string) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, fmt.Sprintf("This field must be a whole number, not %s.", kindOf(value))
	}
	digits, negative := strings.CutPrefix(number.String(), "-")
	digits, exponent, _ := strings.Cut(strings.ToLower(digits), "e")
	before, after, _ := strings.Cut(digits, ".")
	digits = strings.TrimLeft(before+after, "0")
	significant := strings.TrimRight(digits, "0")
	if significant == "" {
		return 0, ""
	}
	power := 0
	if exponent != "" {
		var err error
		if power, err = strconv.Atoi(exponent); err != nil { // the exponent overflows an int
			power = maxInteger
			if exponent[0] == '-' {
				power = -maxInteger
			}
		}
	}
	zeros := power - len(after) + len(digits) - len(significant)
	if zeros < 0 {
		return 0, "This field must be a whole number; it has a fraction."
	}
	// 2^53 has 16 digits.
	if zeros <= 16 && len(significant) <= 16 {
		n, err := strconv.ParseInt(significant+strings.Repeat("0", zeros), 10, 64)
		if err == nil && n <= maxInteger {
			if negative {
				n = -n
			}
			return n, ""
		}
	}
	return 0, "This number is too large."
}

// kindOf returns the name of a JSON value's type.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case string:
		return "text"
	case json.Number:
		return "a number"
	case []any:
		return "a list"
	}
	return "an object"
}
