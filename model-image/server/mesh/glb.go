package mesh

import (
	"fmt"
	"io"
	"math"

	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"
)

// Generator is the value of asset.generator in GLB files.
const Generator = "Gen3D"

// Origin describes the source of a mesh in a file.
type Origin struct {
	// Name is the object's name in the scene, such as the user's label. If empty,
	// it is "object".
	Name string
	// Backend is the backend that reconstructed the mesh: "relief" or "sam3d".
	Backend string
}

// name returns the object's name, or the default.
func (o Origin) name() string {
	if o.Name == "" {
		return "object"
	}
	return o.Name
}

// WriteGLB writes the mesh as binary glTF 2.0: one node with positions, normals
// and COLOR_0 (linear colors as normalized unsigned shorts) and a rough,
// non-metallic material. The backend is in the asset's extras.
func (m *Mesh) WriteGLB(w io.Writer, from Origin) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("writing GLB: %w", err)
	}
	colors := make([][4]uint16, len(m.Colors))
	for i, c := range m.Colors {
		for k := range 3 {
			colors[i][k] = uint16(math.Round(float64(linear[c[k]]) * math.MaxUint16))
		}
		colors[i][3] = uint16(c[3]) * 257
	}
	doc, primitive := m.document(from)
	primitive.Attributes[gltf.COLOR_0] = modeler.WriteColor(doc, colors)
	if translucent(m.Colors) {
		doc.Materials[0].AlphaMode = gltf.AlphaBlend
	}
	return encode(doc, w)
}

// document returns a scene of one node with the mesh's positions, normals and
// triangles, without colors.
func (m *Mesh) document(from Origin) (*gltf.Document, *gltf.Primitive) {
	flat := make([]uint32, 0, 3*len(m.Triangles))
	for _, t := range m.Triangles {
		flat = append(flat, t[0], t[1], t[2])
	}
	var indices any = flat
	if len(m.Positions) <= math.MaxUint16 { // 65535 itself restarts a primitive
		short := make([]uint16, len(flat))
		for i, v := range flat {
			short[i] = uint16(v)
		}
		indices = short
	}

	doc := gltf.NewDocument()
	doc.Asset.Generator = Generator
	doc.Asset.Extras = map[string]any{"backend": from.Backend}
	doc.Materials = []*gltf.Material{{
		Name: "surface",
		PBRMetallicRoughness: &gltf.PBRMetallicRoughness{
			MetallicFactor:  gltf.Float(0),
			RoughnessFactor: gltf.Float(0.9),
		},
	}}
	primitive := &gltf.Primitive{
		Attributes: gltf.PrimitiveAttributes{
			gltf.POSITION: modeler.WritePosition(doc, m.Positions),
			gltf.NORMAL:   modeler.WriteNormal(doc, m.normals()),
		},
		Indices:  gltf.Index(modeler.WriteIndices(doc, indices)),
		Material: gltf.Index(0),
	}
	doc.Meshes = []*gltf.Mesh{{Name: from.name(), Primitives: []*gltf.Primitive{primitive}}}
	doc.Nodes = []*gltf.Node{{Name: from.name(), Mesh: gltf.Index(0)}}
	doc.Scenes[0].Nodes = []int{0}
	return doc, primitive
}

// encode writes the document as a binary file.
func encode(doc *gltf.Document, w io.Writer) error {
	encoder := gltf.NewEncoder(w)
	encoder.AsBinary = true
	if err := encoder.Encode(doc); err != nil {
		return fmt.Errorf("writing GLB: %w", err)
	}
	return nil
}

// translucent reports whether any vertex is not opaque.
func translucent(colors [][4]uint8) bool {
	for _, c := range colors {
		if c[3] != 255 {
			return true
		}
	}
	return false
}
