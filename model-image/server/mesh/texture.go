package mesh

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"
)

// textureQuality is that of the JPEG in a GLB.
const textureQuality = 90

// Texture is a picture of the surface, finer than the colors of the vertices.
type Texture struct {
	// Picture is opaque, in sRGB.
	Picture image.Image
	// UV are coordinates in the picture, one pair per vertex, from 0, 0 in its
	// upper left corner to 1, 1 in its lower right one.
	UV [][2]float32
}

// WriteTexturedGLB writes the mesh as [Mesh.WriteGLB] does, with the texture,
// as JPEG, in place of the colors of the vertices.
func (m *Mesh) WriteTexturedGLB(w io.Writer, from Origin) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("writing GLB: %w", err)
	}
	if m.Texture == nil || len(m.Texture.UV) != len(m.Positions) {
		return fmt.Errorf("writing GLB: the mesh has no texture of its %d vertices", len(m.Positions))
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, m.Texture.Picture, &jpeg.Options{Quality: textureQuality}); err != nil {
		return fmt.Errorf("writing GLB: encoding its texture: %w", err)
	}
	doc, primitive := m.document(from)
	primitive.Attributes[gltf.TEXCOORD_0] = modeler.WriteTextureCoord(doc, m.Texture.UV)
	number, err := modeler.WriteImage(doc, "color", "image/jpeg", &picture)
	if err != nil {
		return fmt.Errorf("writing GLB: %w", err)
	}
	doc.Samplers = []*gltf.Sampler{{
		MagFilter: gltf.MagLinear, MinFilter: gltf.MinLinearMipMapLinear,
		WrapS: gltf.WrapClampToEdge, WrapT: gltf.WrapClampToEdge,
	}}
	doc.Textures = []*gltf.Texture{{Sampler: gltf.Index(0), Source: gltf.Index(number)}}
	doc.Materials[0].PBRMetallicRoughness.BaseColorTexture = &gltf.TextureInfo{Index: 0}
	return encode(doc, w)
}
