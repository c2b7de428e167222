package scene

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxHeader limits the header of a splat, of which ours has 2 KB, and maxFields
// its fields.
const (
	maxHeader = 16 << 10
	maxFields = 256
)

// splat is a PLY file of Gaussian splats in the layout of 3D Gaussian Splatting:
// binary, with one element, vertex, whose properties are floats.
// https://github.com/graphdeco-inria/gaussian-splatting, scene/gaussian_model.py
type splat struct {
	fields []string
	count  int64
	start  int64 // of the data
}

// record returns the size of a Gaussian in bytes.
func (s *splat) record() int64 { return int64(len(s.fields)) * 4 }

// readSplat reads the header of a splat.
func readSplat(ctx context.Context, file Source) (*splat, error) {
	head, err := readPart(ctx, file, 0, min(file.Size(), maxHeader))
	if err != nil {
		return nil, err
	}
	const last = "end_header\n"
	end := bytes.Index(head, []byte("\n"+last))
	if !bytes.HasPrefix(head, []byte("ply\n")) || end < 0 {
		return nil, fmt.Errorf("it is not a PLY file with a header of at most %d bytes", maxHeader)
	}
	s := &splat{count: -1, start: int64(end + 1 + len(last))}
	isBinary := false
	for line := range strings.SplitSeq(string(head[len("ply\n"):max(end, len("ply\n"))]), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "comment" || words[0] == "obj_info":
		case line == "format binary_little_endian 1.0":
			isBinary = true
		case len(words) == 3 && words[0] == "element" && words[1] == "vertex" && s.count < 0:
			if s.count, err = strconv.ParseInt(words[2], 10, 64); err != nil || s.count < 0 {
				return nil, fmt.Errorf("it has %.20q Gaussians", words[2])
			}
		case len(words) == 3 && words[0] == "property" && (words[1] == "float" || words[1] == "float32") && s.count >= 0:
			s.fields = append(s.fields, words[2])
		default:
			return nil, fmt.Errorf("its header has the line %.60q, which a scene's splat cannot have", line)
		}
	}
	if !isBinary || len(s.fields) > maxFields {
		return nil, errors.New("it is not binary, or has too many properties")
	}
	if size := file.Size() - s.start; size%max(s.record(), 1) != 0 || size/max(s.record(), 1) != s.count {
		return nil, fmt.Errorf("it has %d bytes for %d Gaussians", size, s.count)
	}
	return s, nil
}

// Splat combines the objects' splats, which must have the same fields and colors
// that do not depend on the view. It reads their headers; the Gaussians are read
// when the file is.
func (s *Scene) Splat(ctx context.Context) (*File, error) {
	var fields []string
	var moves []section
	count := int64(0)
	for i, o := range s.Objects {
		at, err := placeOf(o.Pose)
		if err != nil {
			return nil, o.wrap(err)
		}
		found, err := readSplat(ctx, o.File)
		if err != nil {
			return nil, o.wrap(err)
		}
		if i == 0 {
			fields = found.fields
		} else if !slices.Equal(fields, found.fields) {
			return nil, o.wrap(errors.New("its splat has other fields than the first object's"))
		}
		move, err := newMover(found.fields, at)
		if err != nil {
			return nil, o.wrap(err)
		}
		moves = append(moves, moved(o, found, move))
		count += found.count
	}
	header := "ply\nformat binary_little_endian 1.0\ncomment " + generator + ", backend " + string(s.Backend) + "\n" +
		fmt.Sprintf("element vertex %d\n", count)
	for _, name := range fields {
		header += "property float " + name + "\n"
	}
	file := new(File)
	file.addBytes([]byte(header + "end_header\n"))
	for _, section := range moves {
		file.add(section)
	}
	return file, nil
}

// moved returns the section of an object's Gaussians in their place.
func moved(o Object, s *splat, m *mover) section {
	size := s.count * s.record()
	return section{size, func(ctx context.Context, offset int64) (io.ReadCloser, error) {
		skipped := offset % s.record()
		start := offset - skipped
		r, err := o.File.Open(ctx, s.start+start, size-start)
		if err != nil {
			return nil, o.wrap(err)
		}
		reader := &movedReader{object: o, from: r, buffered: bufio.NewReaderSize(r, 64<<10), move: m, record: make([]byte, s.record())}
		if err := reader.next(); err != nil {
			_ = r.Close()
			return nil, err
		}
		reader.ready = reader.record[skipped:]
		return reader, nil
	}}
}

// movedReader moves Gaussians while they are read.
type movedReader struct {
	object   Object
	from     io.Closer
	buffered *bufio.Reader
	move     *mover
	record   []byte
	ready    []byte // the part of the record that is not read yet
}

func (r *movedReader) next() error {
	if _, err := io.ReadFull(r.buffered, r.record); err != nil {
		return r.object.wrap(err)
	}
	if err := r.move.apply(r.record); err != nil {
		return r.object.wrap(err)
	}
	r.ready = r.record
	return nil
}

func (r *movedReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(r.ready) == 0 {
			if n > 0 && r.buffered.Buffered() < len(r.record) {
				return n, nil // rather than wait, or fail at the end
			}
			if err := r.next(); err != nil {
				return n, err
			}
		}
		copied := copy(p[n:], r.ready)
		r.ready = r.ready[copied:]
		n += copied
	}
	return n, nil
}

func (r *movedReader) Close() error { return r.from.Close() }

// mover moves a Gaussian to an object's place. Its fields are offsets in the
// record, or -1.
type mover struct {
	at               place
	matrix           [3][3]float64
	logScale         float64
	position, normal [3]int
	rotation         [4]int // w, x, y, z
	scale            [3]int // logarithms
	rest             []int  // spherical harmonics of degree 1 and up
}

// sameScale is the largest ratio of an object's scales. A Gaussian that is scaled
// differently along the axes is none that the fields can describe.
const sameScale = 1.001

func newMover(fields []string, at place) (*mover, error) {
	least, most := min(at.scale[0], at.scale[1], at.scale[2]), max(at.scale[0], at.scale[1], at.scale[2])
	if most > least*sameScale {
		return nil, fmt.Errorf("its scale %v is not the same along all axes, which a splat cannot have", at.scale)
	}
	m := &mover{at: at, matrix: at.rotation.matrix(), logScale: math.Log(at.scale[0])}
	offsets := map[string]int{}
	for i, name := range fields {
		if _, ok := offsets[name]; ok {
			return nil, fmt.Errorf("its splat has the field %.20q twice", name)
		}
		offsets[name] = 4 * i
		if strings.HasPrefix(name, "f_rest_") {
			m.rest = append(m.rest, 4*i)
		}
	}
	offset := func(name string) int {
		if at, ok := offsets[name]; ok {
			return at
		}
		return -1
	}
	for k, axis := range []string{"x", "y", "z"} {
		m.position[k], m.normal[k], m.scale[k] = offset(axis), offset("n"+axis), offset(fmt.Sprint("scale_", k))
	}
	for k := range m.rotation {
		m.rotation[k] = offset(fmt.Sprint("rot_", k))
	}
	if slices.Contains(slices.Concat(m.position[:], m.scale[:], m.rotation[:]), -1) {
		return nil, errors.New("its splat lacks a position, a scale or a rotation")
	}
	if n := m.normal; !slices.Contains(n[:], -1) {
		return m, nil
	}
	m.normal[0] = -1
	return m, nil
}

// apply moves the Gaussian of a record.
func (m *mover) apply(record []byte) error {
	get := func(at int) float64 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(record[at:])))
	}
	set := func(at int, v float64) {
		binary.LittleEndian.PutUint32(record[at:], math.Float32bits(float32(v)))
	}
	for _, at := range m.rest {
		if get(at) != 0 {
			return errors.New("the colors of its splat depend on the view, which a scene cannot have")
		}
	}
	turn := func(at [3]int, scale, shift [3]float64) {
		v := [3]float64{get(at[0]) * scale[0], get(at[1]) * scale[1], get(at[2]) * scale[2]}
		for k, row := range m.matrix {
			set(at[k], row[0]*v[0]+row[1]*v[1]+row[2]*v[2]+shift[k])
		}
	}
	turn(m.position, m.at.scale, m.at.translation)
	if m.normal[0] >= 0 {
		turn(m.normal, [3]float64{1, 1, 1}, [3]float64{})
	}
	q := m.at.rotation.times(quaternion{get(m.rotation[0]), get(m.rotation[1]), get(m.rotation[2]), get(m.rotation[3])})
	for k, at := range m.rotation {
		set(at, q[k])
	}
	for _, at := range m.scale {
		set(at, get(at)+m.logScale)
	}
	return nil
}
