package scene

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"gen3d/internal/job"
)

const (
	// generator is the value of asset.generator.
	generator = "Gen3D"
	// cameraName is the name of the camera's node.
	cameraName = "photo camera"
)

// GLB combines the objects' GLB files. Each object is a node that has its name,
// at the top of the scene. If a pose tells the photo's camera, the scene has it
// as the node "photo camera".
//
// It reads the objects' descriptions. Their data is read when the file is.
func (s *Scene) GLB(ctx context.Context) (*File, error) {
	m := merger{lists: map[list][]any{}}
	var data File // of the BIN chunk
	var places []place
	for i, name := range s.names() {
		o := s.Objects[i]
		at, err := placeOf(o.Pose)
		if err != nil {
			return nil, o.wrap(err)
		}
		places = append(places, at)
		file, err := readContainer(ctx, o.File)
		if err != nil {
			return nil, o.wrap(err)
		}
		d, err := parseDocument(file.json, file.binSize)
		if err != nil {
			return nil, o.wrap(err)
		}
		if err := m.add(d, data.size, name, at); err != nil {
			return nil, o.wrap(err)
		}
		data.addPart(o, file.binStart, file.binSize)
		data.addBytes(make([]byte, -data.size&3))
	}
	m.addCamera(s, places)
	text, err := m.json(data.size, s.Backend)
	if err != nil {
		return nil, err
	}
	return glbOf(text, &data)
}

// glbOf returns the file of a GLB with a BIN chunk of whole words.
func glbOf(text []byte, data *File) (*File, error) {
	text = append(text, bytes.Repeat([]byte(" "), -len(text)&3)...)
	total := headerBytes + chunkBytes + int64(len(text)) + chunkBytes + data.size
	if total > math.MaxUint32 {
		return nil, fmt.Errorf("the scene has %d bytes, more than a GLB can have", total)
	}
	var head []byte
	for _, word := range []uint32{glbMagic, 2, uint32(total), uint32(len(text)), chunkJSON} {
		head = binary.LittleEndian.AppendUint32(head, word)
	}
	head = append(head, text...)
	head = binary.LittleEndian.AppendUint32(head, uint32(data.size))
	head = binary.LittleEndian.AppendUint32(head, chunkBIN)
	file := new(File)
	file.addBytes(head)
	for _, part := range data.sections {
		file.add(part)
	}
	return file, nil
}

// merger is the document of a scene while objects are added.
type merger struct {
	lists          map[list][]any
	roots          []any // nodes of the scene
	used, required []string
	camera         element // nil if there is none
}

// add adds an object's document, whose data begins at an offset of the scene's
// buffer.
func (m *merger) add(d *document, offset int64, name string, at place) error {
	for _, r := range references {
		base := len(m.lists[r.to])
		if r.to == buffers {
			base = 0 // all have the same
		}
		if err := d.each(r.of, r.path, func(index int) (int, error) { return base + index, nil }); err != nil {
			return err
		}
	}
	for _, v := range d.lists[bufferViews] {
		view := v.(element)
		within, err := asIndex(orZero(view["byteOffset"]))
		if err != nil {
			return err
		}
		view["byteOffset"] = number(offset + int64(within))
	}
	base := len(m.lists[nodes])
	for _, l := range lists {
		if l != buffers {
			m.lists[l] = append(m.lists[l], d.lists[l]...)
		}
	}
	m.roots = append(m.roots, number(int64(m.place(d, base, name, at))))
	m.used = append(m.used, d.used...)
	m.required = append(m.required, d.required...)
	if len(d.lists[meshes]) == 1 {
		d.lists[meshes][0].(element)["name"] = name
	}
	return nil
}

// place gives the object's node its name and place, and returns its index. It is
// the root of the object's scene if that has no transform of its own, otherwise
// a new node above it. The names of its other nodes begin with the object's.
func (m *merger) place(d *document, base int, name string, at place) int {
	index := base + d.roots[0]
	root := m.lists[nodes][index].(element)
	moved := slices.ContainsFunc([]string{"matrix", "translation", "rotation", "scale"}, func(member string) bool {
		_, ok := root[member]
		return ok
	})
	for i, n := range d.lists[nodes] {
		node := n.(element)
		own, ok := node["name"].(string)
		if !ok {
			own = fmt.Sprint("node ", i)
		}
		node["name"] = name + " / " + own
	}
	if moved || len(d.roots) > 1 {
		root = element{}
		var children []any
		for _, r := range d.roots {
			children = append(children, number(int64(base+r)))
		}
		root["children"] = children
		index = len(m.lists[nodes])
		m.lists[nodes] = append(m.lists[nodes], root)
	}
	root["name"] = name
	root["translation"] = at.translation
	root["rotation"] = [4]float64{at.rotation[1], at.rotation[2], at.rotation[3], at.rotation[0]}
	root["scale"] = at.scale
	return index
}

// addCamera adds the photo's camera if a pose tells it.
func (m *merger) addCamera(s *Scene, places []place) {
	i := slices.IndexFunc(s.Objects, func(o Object) bool { return o.Pose.Camera != nil })
	if i < 0 || s.Width <= 0 || s.Height <= 0 {
		return
	}
	projection := s.Objects[i].Pose.Camera
	aspect := float64(s.Width) / float64(s.Height)
	far := farthest(places)
	switch {
	case projection.YMag > 0 && far > 0:
		m.camera = element{"name": cameraName, "type": "orthographic", "orthographic": element{
			"xmag": projection.YMag * aspect, "ymag": projection.YMag, "znear": 0, "zfar": 2 * far,
		}}
	case projection.YFov > 0 && projection.YFov < math.Pi && far > 0:
		m.camera = element{"name": cameraName, "type": "perspective", "perspective": element{
			"yfov": projection.YFov, "aspectRatio": aspect, "znear": far / 1000, "zfar": 2 * far,
		}}
	default:
		return
	}
	m.roots = append(m.roots, number(int64(len(m.lists[nodes]))))
	m.lists[nodes] = append(m.lists[nodes], element{"name": cameraName, "camera": 0})
}

// json returns the document with a buffer of the given size.
func (m *merger) json(size int64, backend job.Backend) ([]byte, error) {
	if size == 0 {
		return nil, errors.New("the objects have no data")
	}
	top := element{
		"asset":   element{"version": "2.0", "generator": generator, "extras": element{"backend": backend}},
		"scene":   0,
		"scenes":  []any{element{"name": "photo", "nodes": m.roots}},
		"buffers": []any{element{"byteLength": size}},
	}
	for name, elements := range m.lists {
		if len(elements) > 0 {
			top[string(name)] = elements
		}
	}
	if m.camera != nil {
		top["cameras"] = []any{m.camera}
	}
	for name, extensions := range map[string][]string{"extensionsUsed": m.used, "extensionsRequired": m.required} {
		slices.Sort(extensions)
		if extensions = slices.Compact(extensions); len(extensions) > 0 {
			top[name] = extensions
		}
	}
	// The members of maps are sorted, so the same objects make the same text.
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(top); err != nil {
		return nil, fmt.Errorf("writing the scene's JSON: %w", err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
