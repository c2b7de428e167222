package meshfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// sizes are the bytes of the types of PLY.
// https://paulbourke.net/dataformats/ply/
var sizes = map[string]int{
	"char": 1, "uchar": 1, "int8": 1, "uint8": 1, "short": 2, "ushort": 2, "int16": 2, "uint16": 2,
	"int": 4, "uint": 4, "int32": 4, "uint32": 4, "float": 4, "float32": 4, "double": 8, "float64": 8,
}

// property is a value of an element. A list has the type of its length.
type property struct{ name, kind, length string }

// element is a group of equal records.
type element struct {
	name       string
	count      int
	properties []property
}

// maxRecords limits what a header can announce.
const maxRecords = 1 << 30

// MeshPLY checks a PLY with a mesh and returns the number of its vertices. It
// is an error if there is no face, if a face names a vertex that does not exist,
// or if the file is longer or shorter than its header states.
func MeshPLY(data []byte) (vertices int, err error) {
	elements, body, err := header(data)
	if err != nil {
		return 0, err
	}
	faces := 0
	for _, e := range elements {
		if e.name == "vertex" {
			vertices = e.count
			if err := require(e, "x", "y", "z"); err != nil {
				return 0, err
			}
		}
		if e.name == "face" {
			faces = e.count
		}
	}
	if vertices == 0 || faces == 0 {
		return 0, fmt.Errorf("it has %d vertices and %d faces", vertices, faces)
	}
	return vertices, walk(elements, body, vertices)
}

// splatFields are what programs for Gaussian splats read.
// https://github.com/graphdeco-inria/gaussian-splatting
var splatFields = []string{
	"x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3",
}

// SplatPLY checks a PLY with Gaussians and returns their number.
func SplatPLY(data []byte) (splats int, err error) {
	elements, body, err := header(data)
	if err != nil {
		return 0, err
	}
	if elements[0].name != "vertex" || elements[0].count == 0 {
		return 0, errors.New("it has no Gaussian")
	}
	if err := require(elements[0], splatFields...); err != nil {
		return 0, err
	}
	return elements[0].count, walk(elements, body, elements[0].count)
}

func require(e element, names ...string) error {
	for _, name := range names {
		if !slices.ContainsFunc(e.properties, func(p property) bool { return p.name == name && p.length == "" }) {
			return fmt.Errorf("its element %s has no property %s", e.name, name)
		}
	}
	return nil
}

// header parses a header, and returns its elements, at least one, and the body.
func header(data []byte) ([]element, []byte, error) {
	head, body, found := bytes.Cut(data, []byte("end_header\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 3 || strings.TrimSpace(lines[0]) != "ply" {
		return nil, nil, errors.New("it is no PLY")
	}
	if format := strings.TrimSpace(lines[1]); format != "format binary_little_endian 1.0" {
		return nil, nil, fmt.Errorf("it is in %q, not binary and little-endian", format)
	}
	var elements []element
	for _, text := range lines[2:] {
		words := strings.Fields(text)
		if len(words) == 0 || words[0] == "comment" || words[0] == "obj_info" {
			continue
		}
		next, err := parse(words, elements)
		if err != nil {
			return nil, nil, fmt.Errorf("its header has the line %.60q: %w", text, err)
		}
		elements = next
	}
	if len(elements) == 0 {
		return nil, nil, errors.New("it has no element")
	}
	return elements, body, nil
}

// parse adds a line of the header.
func parse(words []string, elements []element) ([]element, error) {
	last := len(elements) - 1
	switch {
	case words[0] == "element" && len(words) == 3:
		n, err := strconv.Atoi(words[2])
		if err != nil || n < 0 || n > maxRecords {
			return nil, errors.New("its number is invalid")
		}
		return append(elements, element{name: words[1], count: n}), nil
	case last >= 0 && words[0] == "property" && len(words) == 3 && sizes[words[1]] > 0:
		elements[last].properties = append(elements[last].properties, property{name: words[2], kind: words[1]})
		return elements, nil
	case last >= 0 && words[0] == "property" && len(words) == 5 && words[1] == "list" && sizes[words[2]] > 0 && sizes[words[3]] > 0:
		elements[last].properties = append(elements[last].properties, property{name: words[4], kind: words[3], length: words[2]})
		return elements, nil
	}
	return nil, errors.New("it is not of PLY")
}

// walk reads the body to its end. Positions must be numbers, and lists of faces
// must name vertices.
func walk(elements []element, body []byte, vertices int) error {
	truncated := errors.New("it ends before its last element")
	for _, e := range elements {
		for range e.count {
			for _, p := range e.properties {
				n := 1
				if p.length != "" {
					size := sizes[p.length]
					if len(body) < size {
						return truncated
					}
					n, body = int(number(body, p.length)), body[size:]
				}
				if n < 0 || n > len(body)/sizes[p.kind] {
					return truncated
				}
				if err := values(e, p, body, n, vertices); err != nil {
					return err
				}
				body = body[n*sizes[p.kind]:]
			}
		}
	}
	if len(body) > 0 {
		return fmt.Errorf("it has %d bytes after its last element", len(body))
	}
	return nil
}

func values(e element, p property, body []byte, n, vertices int) error {
	for i := range n {
		value := number(body[i*sizes[p.kind]:], p.kind)
		switch {
		case p.length == "" && (math.IsNaN(value) || math.IsInf(value, 0)):
			return fmt.Errorf("its %s %s is not a number", e.name, p.name)
		case e.name == "face" && p.length != "" && strings.HasPrefix(p.name, "vertex_ind") && (value < 0 || value >= float64(vertices)):
			return fmt.Errorf("a face names vertex %.0f of %d", value, vertices)
		}
	}
	return nil
}

// number reads a value of a type.
func number(data []byte, kind string) float64 {
	order := binary.LittleEndian
	switch kind {
	case "char", "int8":
		return float64(int8(data[0]))
	case "uchar", "uint8":
		return float64(data[0])
	case "short", "int16":
		return float64(int16(order.Uint16(data)))
	case "ushort", "uint16":
		return float64(order.Uint16(data))
	case "int", "int32":
		return float64(int32(order.Uint32(data)))
	case "uint", "uint32":
		return float64(order.Uint32(data))
	case "float", "float32":
		return float64(math.Float32frombits(order.Uint32(data)))
	default: // double and float64
		return math.Float64frombits(order.Uint64(data))
	}
}
