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

// kind is a type of PLY.
type kind struct {
	size int  // in bytes; 0 for no type
	real bool // float or double
	read func([]byte) float64
}

// kinds are the types by their names, of which each has two.
// https://paulbourke.net/dataformats/ply/
var kinds = map[string]kind{
	"char": int8Kind, "int8": int8Kind, "uchar": uint8Kind, "uint8": uint8Kind,
	"short": int16Kind, "int16": int16Kind, "ushort": uint16Kind, "uint16": uint16Kind,
	"int": int32Kind, "int32": int32Kind, "uint": uint32Kind, "uint32": uint32Kind,
	"float": float32Kind, "float32": float32Kind, "double": float64Kind, "float64": float64Kind,
}

var (
	order       = binary.LittleEndian
	int8Kind    = kind{1, false, func(b []byte) float64 { return float64(int8(b[0])) }}
	uint8Kind   = kind{1, false, func(b []byte) float64 { return float64(b[0]) }}
	int16Kind   = kind{2, false, func(b []byte) float64 { return float64(int16(order.Uint16(b))) }}
	uint16Kind  = kind{2, false, func(b []byte) float64 { return float64(order.Uint16(b)) }}
	int32Kind   = kind{4, false, func(b []byte) float64 { return float64(int32(order.Uint32(b))) }}
	uint32Kind  = kind{4, false, func(b []byte) float64 { return float64(order.Uint32(b)) }}
	float32Kind = kind{4, true, func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }}
	float64Kind = kind{8, true, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }}
)

// property is a value of an element, or a list of values, which has a kind of
// its length.
type property struct {
	name    string
	kind    kind
	length  kind
	corners bool // a list of vertices of a face
}

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
		if !slices.ContainsFunc(e.properties, func(p property) bool { return p.name == name && p.length.size == 0 }) {
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
	for _, e := range elements {
		if len(e.properties) == 0 {
			return nil, nil, fmt.Errorf("its element %s has no property", e.name)
		}
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
	case last >= 0 && words[0] == "property" && len(words) == 3 && kinds[words[1]].size > 0:
		elements[last].properties = append(elements[last].properties, property{name: words[2], kind: kinds[words[1]]})
		return elements, nil
	case last >= 0 && words[0] == "property" && len(words) == 5 && words[1] == "list" && kinds[words[2]].size > 0 && kinds[words[3]].size > 0:
		elements[last].properties = append(elements[last].properties, property{
			name: words[4], kind: kinds[words[3]], length: kinds[words[2]],
			corners: elements[last].name == "face" && strings.HasPrefix(words[4], "vertex_ind"), // vertex_index or vertex_indices
		})
		return elements, nil
	}
	return nil, errors.New("it is not of PLY")
}

// walk reads the body to its end. Values must be numbers, and lists of faces
// must name vertices.
func walk(elements []element, body []byte, vertices int) error {
	for _, e := range elements {
		for range e.count {
			for _, p := range e.properties {
				n := 1
				if p.length.size > 0 {
					if len(body) < p.length.size {
						return errTruncated
					}
					n, body = int(p.length.read(body)), body[p.length.size:]
				}
				if n < 0 || n > len(body)/p.kind.size {
					return errTruncated
				}
				if err := checkValues(e, p, body, n, vertices); err != nil {
					return err
				}
				body = body[n*p.kind.size:]
			}
		}
	}
	if len(body) > 0 {
		return fmt.Errorf("it has %d bytes after its last element", len(body))
	}
	return nil
}

var errTruncated = errors.New("it ends before its last element")

func checkValues(e element, p property, body []byte, n, vertices int) error {
	for ; n > 0; n, body = n-1, body[p.kind.size:] {
		if !p.kind.real && !p.corners {
			return nil // every value is valid
		}
		value := p.kind.read(body)
		switch {
		case math.IsNaN(value) || math.IsInf(value, 0):
			return fmt.Errorf("its %s %s is not a number", e.name, p.name)
		case p.corners && (value < 0 || value >= float64(vertices)):
			return fmt.Errorf("a face names vertex %.0f of %d", value, vertices)
		}
	}
	return nil
}
