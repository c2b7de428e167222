package mesh_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math"
	"testing"

	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"

	"gen3d/model-image/server/mesh"
)

// textured returns a box whose texture is red on the left and blue on the
// right.
func textured() *mesh.Mesh {
	m := box(1, 0.5, 0.25)
	picture := image.NewNRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			c := color.NRGBA{200, 20, 20, 255}
			if x >= 32 {
				c = color.NRGBA{20, 20, 200, 255}
			}
			picture.SetNRGBA(x, y, c)
		}
	}
	m.Texture = &mesh.Texture{Picture: picture, UV: make([][2]float32, len(m.Positions))}
	for i, p := range m.Positions {
		m.Texture.UV[i] = [2]float32{p[0] + 0.5, 0.5 - 2*p[1]}
	}
	return m
}

func TestWriteTexturedGLB(t *testing.T) {
	m := textured()
	var file bytes.Buffer
	if err := m.WriteTexturedGLB(&file, origin); err != nil {
		t.Fatal(err)
	}
	var doc gltf.Document
	if err := gltf.NewDecoder(&file).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	attributes := doc.Meshes[0].Primitives[0].Attributes
	if _, colored := attributes[gltf.COLOR_0]; colored {
		t.Error("the vertices have colors, which would multiply the texture's")
	}
	uv, err := modeler.ReadTextureCoord(&doc, doc.Accessors[attributes[gltf.TEXCOORD_0]], nil)
	if err != nil || len(uv) != 8 || uv[3] != m.Texture.UV[3] {
		t.Errorf("the coordinates are %v, %v, want %v", uv, err, m.Texture.UV)
	}
	texture := doc.Textures[doc.Materials[0].PBRMetallicRoughness.BaseColorTexture.Index]
	from := doc.Images[*texture.Source]
	data, err := modeler.ReadBufferView(&doc, doc.BufferViews[*from.BufferView])
	if err != nil || from.MimeType != "image/jpeg" {
		t.Fatalf("the image is %+v, %v", from, err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 64, 32) {
		t.Fatalf("the texture is %v, %v", picture.Bounds(), err)
	}
	for x, want := range map[int][3]float64{8: {200, 20, 20}, 56: {20, 20, 200}} {
		r, g, b, _ := picture.At(x, 16).RGBA()
		for k, v := range [3]uint32{r, g, b} {
			if math.Abs(float64(v>>8)-want[k]) > 8 {
				t.Errorf("texel %d is %d %d %d, want about %v", x, r>>8, g>>8, b>>8, want)
			}
		}
	}
	if sampler := doc.Samplers[*texture.Sampler]; sampler.WrapS != gltf.WrapClampToEdge || sampler.WrapT != gltf.WrapClampToEdge {
		t.Errorf("the sampler is %+v; it must not repeat the texture", sampler)
	}
}

func TestWriteTexturedGLBReturnsErrors(t *testing.T) {
	short := textured()
	short.Texture.UV = short.Texture.UV[1:]
	for name, m := range map[string]*mesh.Mesh{"without a texture": box(1, 1, 1), "with a coordinate too few": short, "empty": {}} {
		if err := m.WriteTexturedGLB(io.Discard, origin); err == nil {
			t.Errorf("a mesh %s was written", name)
		}
	}
	if err := textured().WriteTexturedGLB(full{}, origin); !errors.Is(err, errFull) {
		t.Errorf("a full disk gave %v", err)
	}
}
