// Package meshfile checks the files of a mesh from outside: glTF 2.0 binaries
// and PLY files, whichever program wrote them.
package meshfile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"

	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"
)

// glbHeader is the length of the header of a glTF binary: magic, version and
// length of the file.
// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#binary-header
const glbHeader = 12

// GLB checks a glTF 2.0 binary and returns the number of its triangles. It is
// an error if a part reaches beyond the file, an index beyond the vertices, a
// position beyond the stated bounds, if a texture is no picture, or if there is
// no triangle.
func GLB(data []byte) (triangles int, err error) {
	defer func() { // the library expects objects where JSON can have null
		if p := recover(); p != nil {
			triangles, err = 0, fmt.Errorf("reading it: %v", p)
		}
	}()
	if err := checkChunks(data); err != nil {
		return 0, err
	}
	var doc gltf.Document
	if err := gltf.NewDecoder(bytes.NewReader(data)).Decode(&doc); err != nil {
		return 0, fmt.Errorf("reading it: %w", err)
	}
	if len(doc.ExtensionsRequired) > 0 {
		return 0, fmt.Errorf("it requires the extensions %v, which not every program has", doc.ExtensionsRequired)
	}
	for i, view := range doc.BufferViews {
		if err := checkView(&doc, view); err != nil {
			return 0, fmt.Errorf("buffer view %d %w", i, err)
		}
	}
	for i, accessor := range doc.Accessors {
		if err := checkAccessor(&doc, accessor); err != nil {
			return 0, fmt.Errorf("accessor %d %w", i, err)
		}
	}
	for i, image := range doc.Images {
		if err := checkImage(&doc, image); err != nil {
			return 0, fmt.Errorf("image %d %w", i, err)
		}
	}
	for i, mesh := range doc.Meshes {
		for k, primitive := range mesh.Primitives {
			n, err := checkPrimitive(&doc, primitive)
			if err != nil {
				return 0, fmt.Errorf("primitive %d of mesh %d %w", k, i, err)
			}
			triangles += n
		}
	}
	if triangles == 0 {
		return 0, errors.New("it has no triangle")
	}
	return triangles, checkScene(&doc)
}

// checkChunks expects one chunk of JSON and one with the buffer, which fill the
// file. The library allocates what the JSON states.
func checkChunks(data []byte) error {
	if len(data) < glbHeader+2*chunkHeader || string(data[:4]) != "glTF" {
		return errors.New("it is no glTF binary")
	}
	order := binary.LittleEndian
	if version := order.Uint32(data[4:]); version != 2 {
		return fmt.Errorf("its version is %d, not 2", version)
	}
	if stated := int64(order.Uint32(data[8:])); stated != int64(len(data)) {
		return fmt.Errorf("its header states %d bytes of %d", stated, len(data))
	}
	rest := data[glbHeader:]
	if stated := int64(order.Uint32(rest)); stated > int64(len(rest)-2*chunkHeader) {
		return beyondFile("JSON", stated)
	}
	text := rest[chunkHeader : chunkHeader+int(order.Uint32(rest))]
	rest = rest[chunkHeader+len(text):]
	content := int64(order.Uint32(rest))
	if content != int64(len(rest)-chunkHeader) {
		return beyondFile("buffer", content)
	}
	var document struct {
		Buffers []struct {
			ByteLength int64  `json:"byteLength"`
			URI        string `json:"uri"`
		} `json:"buffers"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("reading its JSON: %w", err)
	}
	if len(document.Buffers) != 1 || document.Buffers[0].URI != "" {
		return fmt.Errorf("it has %d buffers, not one in the file", len(document.Buffers))
	}
	if stated := document.Buffers[0].ByteLength; stated < 1 || stated > content {
		return beyondFile("buffer", stated)
	}
	return nil
}

// chunkHeader is the length of the header of a chunk: length and type.
const chunkHeader = 8

func beyondFile(what string, stated int64) error {
	return fmt.Errorf("its %s of %d bytes does not fill the file", what, stated)
}

// beyond is the error of a part that is not in the file.
func beyond(what string) error { return fmt.Errorf("reaches beyond its %s", what) }

func checkView(doc *gltf.Document, view *gltf.BufferView) error {
	if view.Buffer < 0 || view.Buffer >= len(doc.Buffers) {
		return beyond("file's buffers")
	}
	length := len(doc.Buffers[view.Buffer].Data)
	if view.ByteOffset < 0 || view.ByteLength < 1 || view.ByteOffset > length || view.ByteLength > length-view.ByteOffset {
		return beyond("buffer")
	}
	if view.ByteStride < 0 || view.ByteStride > maxStride {
		return fmt.Errorf("has a stride of %d bytes", view.ByteStride)
	}
	return nil
}

// maxStride is the maximum number of bytes between two values.
// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#_bufferview_bytestride
const maxStride = 252

func checkAccessor(doc *gltf.Document, accessor *gltf.Accessor) error {
	if accessor.Sparse != nil || accessor.BufferView == nil {
		return errors.New("has no data of its own")
	}
	if *accessor.BufferView < 0 || *accessor.BufferView >= len(doc.BufferViews) {
		return beyond("file's buffer views")
	}
	view := doc.BufferViews[*accessor.BufferView]
	size := accessor.ComponentType.ByteSize() * accessor.Type.Components()
	stride := max(view.ByteStride, size)
	if accessor.Count < 1 || accessor.ByteOffset < 0 || accessor.Count > view.ByteLength ||
		accessor.ByteOffset+stride*(accessor.Count-1)+size > view.ByteLength {
		return beyond("buffer view")
	}
	return nil
}

// checkImage expects a whole PNG or JPEG in the file, the two types of glTF.
// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#images
func checkImage(doc *gltf.Document, from *gltf.Image) error {
	if from.BufferView == nil || *from.BufferView < 0 || *from.BufferView >= len(doc.BufferViews) {
		return errors.New("has no data in the file")
	}
	view := doc.BufferViews[*from.BufferView]
	data := doc.Buffers[view.Buffer].Data[view.ByteOffset : view.ByteOffset+view.ByteLength]
	size, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("is no PNG or JPEG: %w", err)
	}
	if from.MimeType != "image/"+kind {
		return fmt.Errorf("is a %s of the type %q", kind, from.MimeType)
	}
	if size.Width > maxSide || size.Height > maxSide {
		return fmt.Errorf("has %d × %d pixels, more than programs show", size.Width, size.Height)
	}
	if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
		return fmt.Errorf("is not whole: %w", err)
	}
	return nil
}

// maxSide is the largest side of a texture that WebGL 2 has on most machines.
const maxSide = 8192

// checkPrimitive returns the number of triangles.
func checkPrimitive(doc *gltf.Document, primitive *gltf.Primitive) (int, error) {
	if primitive.Mode != gltf.PrimitiveTriangles {
		return 0, fmt.Errorf("has mode %v, not triangles", primitive.Mode)
	}
	vertices := 0
	for name, at := range primitive.Attributes {
		if at < 0 || at >= len(doc.Accessors) {
			return 0, fmt.Errorf("has an attribute %s that the file lacks", name)
		}
		if n := doc.Accessors[at].Count; vertices == 0 {
			vertices = n
		} else if n != vertices {
			return 0, fmt.Errorf("has %d and %d values of its attributes", vertices, n)
		}
	}
	at, ok := primitive.Attributes[gltf.POSITION]
	if !ok {
		return 0, errors.New("has no positions")
	}
	if err := checkPositions(doc, doc.Accessors[at]); err != nil {
		return 0, err
	}
	corners := vertices
	if primitive.Indices != nil {
		if *primitive.Indices < 0 || *primitive.Indices >= len(doc.Accessors) {
			return 0, errors.New("has indices that the file lacks")
		}
		indices, err := modeler.ReadIndices(doc, doc.Accessors[*primitive.Indices], nil)
		if err != nil {
			return 0, fmt.Errorf("has unreadable indices: %w", err)
		}
		for _, index := range indices {
			if int64(index) >= int64(vertices) {
				return 0, fmt.Errorf("has the index %d, and only %d vertices", index, vertices)
			}
		}
		corners = len(indices)
	}
	if corners%3 != 0 {
		return 0, fmt.Errorf("has %d corners, which make no whole triangles", corners)
	}
	return corners / 3, nil
}

// checkPositions compares the positions with the bounds, which the accessor
// must have.
// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#accessors-bounds
func checkPositions(doc *gltf.Document, accessor *gltf.Accessor) error {
	positions, err := modeler.ReadPosition(doc, accessor, nil)
	if err != nil {
		return fmt.Errorf("has unreadable positions: %w", err)
	}
	if len(accessor.Min) != 3 || len(accessor.Max) != 3 {
		return errors.New("has positions without bounds")
	}
	for _, position := range positions {
		for axis, value := range position {
			// NaN is within no bounds. The bounds are printed in decimals.
			slack := 1e-5 * math.Max(1, math.Abs(float64(value)))
			if !(float64(value) >= accessor.Min[axis]-slack && float64(value) <= accessor.Max[axis]+slack) {
				return fmt.Errorf("has a position %v beyond its bounds %v to %v", position, accessor.Min, accessor.Max)
			}
		}
	}
	return nil
}

// checkScene expects a node with a mesh in the scene that is shown.
func checkScene(doc *gltf.Document) error {
	for _, node := range doc.Nodes {
		if node.Mesh != nil && *node.Mesh >= 0 && *node.Mesh < len(doc.Meshes) && len(doc.Scenes) > 0 {
			return nil
		}
	}
	return errors.New("it has no scene that shows a mesh")
}
