package scene_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"

	"gen3d/internal/job"
	"gen3d/internal/scene"
	"gen3d/model-image/server/mesh"
)

// stored is a file in memory. It fails the test's merge if a read is outside of
// it, as S3 does.
type stored []byte

func (s stored) Size() int64 { return int64(len(s)) }

func (s stored) Open(ctx context.Context, offset, count int64) (io.ReadCloser, error) {
	if offset < 0 || count < 1 || offset+count > int64(len(s)) {
		return nil, fmt.Errorf("reading %d bytes at %d of %d", count, offset, len(s))
	}
	return io.NopCloser(bytes.NewReader(s[offset : offset+count])), ctx.Err()
}

// tetrahedron is a mesh whose vertices tell its axes apart.
func tetrahedron(color uint8) *mesh.Mesh {
	return &mesh.Mesh{
		Positions: []mesh.Vec3{{0, 0, 0}, {0.5, 0, 0}, {0, 0.4, 0}, {0, 0, 0.3}},
		Triangles: [][3]uint32{{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}},
		Colors:    [][4]uint8{{color, 0, 0, 255}, {color, 1, 0, 255}, {color, 2, 0, 255}, {color, 3, 0, 255}},
	}
}

func colored(t testing.TB, name string, color uint8) stored {
	t.Helper()
	var out bytes.Buffer
	if err := tetrahedron(color).WriteGLB(&out, mesh.Origin{Name: name, Backend: "relief"}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// textured returns a GLB of a triangle with an image, written by another
// program.
func textured(t testing.TB, image string) stored {
	t.Helper()
	doc := gltf.NewDocument()
	positions := modeler.WritePosition(doc, [][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}})
	texCoords := modeler.WriteTextureCoord(doc, [][2]float32{{0, 0}, {1, 0}, {0, 1}})
	indices := modeler.WriteIndices(doc, []uint16{0, 1, 2})
	source, err := modeler.WriteImage(doc, "image", "image/png", bytes.NewReader([]byte(image)))
	if err != nil {
		t.Fatal(err)
	}
	doc.Samplers = []*gltf.Sampler{{MagFilter: gltf.MagNearest, WrapS: gltf.WrapClampToEdge}}
	doc.Textures = []*gltf.Texture{{Sampler: gltf.Index(0), Source: gltf.Index(source)}}
	doc.Materials = []*gltf.Material{{Name: "painted", PBRMetallicRoughness: &gltf.PBRMetallicRoughness{
		BaseColorTexture: &gltf.TextureInfo{Index: 0}, MetallicFactor: gltf.Float(0),
	}}}
	doc.Meshes = []*gltf.Mesh{{Primitives: []*gltf.Primitive{{
		Attributes: map[string]int{gltf.POSITION: positions, gltf.TEXCOORD_0: texCoords}, Indices: &indices, Material: gltf.Index(0),
	}}}}
	doc.Nodes = []*gltf.Node{{Mesh: gltf.Index(0)}}
	doc.Scenes[0].Nodes = []int{0}
	var out bytes.Buffer
	if err := gltf.NewEncoder(&out).Encode(doc); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// poseAt returns the pose of a mesh that is not turned as seen by PyTorch3D's
// camera.
func poseAt(x, y, z, scale float64) job.Pose {
	return job.Pose{Rotation: [4]float64{1, 0, 0, 0}, Translation: [3]float64{x, y, z}, Scale: [3]float64{scale, scale, scale}}
}

// content reads a whole file of a scene.
func content(t testing.TB, f *scene.File, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	r := f.Open(t.Context())
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(data)) != f.Size() {
		t.Fatalf("the file has %d bytes and says %d", len(data), f.Size())
	}
	return data
}

// decode reads a GLB with another program.
func decode(t testing.TB, data []byte) *gltf.Document {
	t.Helper()
	doc := new(gltf.Document)
	if err := gltf.NewDecoder(bytes.NewReader(data)).Decode(doc); err != nil {
		t.Fatalf("%v in %.300q", err, data)
	}
	return doc
}

// turned returns a vector after a rotation w, x, y, z, by the definition of the
// product q v q*.
func turned(q [4]float64, v [3]float64) [3]float64 {
	product := func(a, b [4]float64) [4]float64 {
		return [4]float64{
			a[0]*b[0] - a[1]*b[1] - a[2]*b[2] - a[3]*b[3],
			a[0]*b[1] + a[1]*b[0] + a[2]*b[3] - a[3]*b[2],
			a[0]*b[2] - a[1]*b[3] + a[2]*b[0] + a[3]*b[1],
			a[0]*b[3] + a[1]*b[2] - a[2]*b[1] + a[3]*b[0],
		}
	}
	out := product(product(q, [4]float64{0, v[0], v[1], v[2]}), [4]float64{q[0], -q[1], -q[2], -q[3]})
	return [3]float64{out[1], out[2], out[3]}
}

func near(a, b [3]float64, most float64) bool {
	for k := range a {
		if !(math.Abs(a[k]-b[k]) <= most) {
			return false
		}
	}
	return true
}
