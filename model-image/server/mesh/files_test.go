package mesh_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"

	"gen3d/model-image/server/mesh"
)

var origin = mesh.Origin{Name: "cup", Backend: "relief"}

func TestWriteGLB(t *testing.T) {
	m := box(1, 0.5, 0.25)
	m.Colors[0] = [4]uint8{0, 128, 255, 255}
	var file bytes.Buffer
	if err := m.WriteGLB(&file, origin); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(file.Bytes(), []byte("glTF")) {
		t.Error("the file is not binary glTF")
	}
	var doc gltf.Document
	if err := gltf.NewDecoder(&file).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if doc.Asset.Generator != "Gen3D" || fmt.Sprint(doc.Asset.Extras) != "map[backend:relief]" {
		t.Errorf("asset is %+v, want the generator Gen3D and the backend relief", doc.Asset)
	}
	if doc.Nodes[0].Name != "cup" || len(doc.Scenes[0].Nodes) != 1 {
		t.Errorf("the scene has %v, want one node named cup", doc.Nodes)
	}
	surface := doc.Materials[0].PBRMetallicRoughness
	if surface.MetallicFactorOrDefault() != 0 || surface.RoughnessFactorOrDefault() != 0.9 {
		t.Errorf("the surface is metallic %v, rough %v, want 0 and 0.9", surface.MetallicFactorOrDefault(), surface.RoughnessFactorOrDefault())
	}
	attributes := doc.Meshes[0].Primitives[0].Attributes
	at := doc.Accessors[attributes[gltf.POSITION]]
	if fmt.Sprint(at.Min, at.Max) != "[-0.5 -0.25 -0.125] [0.5 0.25 0.125]" {
		t.Errorf("POSITION has min %v and max %v, want the mesh's bounds", at.Min, at.Max)
	}
	positions, err := modeler.ReadPosition(&doc, at, nil)
	if err != nil || fmt.Sprint(positions) != fmt.Sprint(m.Positions) {
		t.Errorf("positions are %v, %v, want the mesh's", positions, err)
	}
	indices, err := modeler.ReadIndices(&doc, doc.Accessors[*doc.Meshes[0].Primitives[0].Indices], nil)
	if err != nil || len(indices) != 36 || [3]uint32(indices[33:]) != m.Triangles[11] {
		t.Errorf("indices are %v, %v, want the mesh's triangles", indices, err)
	}
	normals, err := modeler.ReadNormal(&doc, doc.Accessors[attributes[gltf.NORMAL]], nil)
	if err != nil || fmt.Sprint(normals) != fmt.Sprint(m.SmoothNormals()) {
		t.Errorf("normals are %v, %v, want the smooth ones", normals, err)
	}
	colors := doc.Accessors[attributes[gltf.COLOR_0]]
	values, err := modeler.ReadColor64(&doc, colors, nil)
	// 128 in sRGB is 0.21586 of full light: IEC 61966-2-1.
	if err != nil || !colors.Normalized || values[0] != [4]uint16{0, 14146, 65535, 65535} {
		t.Errorf("COLOR_0 begins with %v (normalized: %v), %v; want linear light 0, 14146, 65535", values[0], colors.Normalized, err)
	}
}

func TestWriteGLBWith32BitIndices(t *testing.T) {
	m := &mesh.Mesh{}
	for range 70000 / 8 {
		part := box(1, 1, 1)
		first := uint32(len(m.Positions))
		for _, tr := range part.Triangles {
			m.Triangles = append(m.Triangles, [3]uint32{tr[0] + first, tr[1] + first, tr[2] + first})
		}
		m.Positions, m.Colors = append(m.Positions, part.Positions...), append(m.Colors, part.Colors...)
	}
	var file bytes.Buffer
	if err := m.WriteGLB(&file, origin); err != nil {
		t.Fatal(err)
	}
	var doc gltf.Document
	if err := gltf.NewDecoder(&file).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	indices, err := modeler.ReadIndices(&doc, doc.Accessors[*doc.Meshes[0].Primitives[0].Indices], nil)
	last := m.Triangles[len(m.Triangles)-1]
	if err != nil || [3]uint32(indices[len(indices)-3:]) != last {
		t.Errorf("the last triangle is %v, %v, want %v", indices[len(indices)-3:], err, last)
	}
}

// readPLY splits a PLY file into the lines of its header and its body.
func readPLY(t *testing.T, file []byte) (header []string, body []byte) {
	t.Helper()
	head, body, found := bytes.Cut(file, []byte("end_header\n"))
	if !found {
		t.Fatal("the PLY has no end_header")
	}
	return strings.Split(strings.TrimSuffix(string(head), "\n"), "\n"), body
}

func TestWritePLY(t *testing.T) {
	m := box(1, 0.5, 0.25)
	var file bytes.Buffer
	if err := m.WritePLY(&file, origin); err != nil {
		t.Fatal(err)
	}
	header, body := readPLY(t, file.Bytes())
	want := `ply
format binary_little_endian 1.0
comment Gen3D, backend relief
element vertex 8
property float x
property float y
property float z
property float nx
property float ny
property float nz
property uchar red
property uchar green
property uchar blue
element face 12
property list uchar int vertex_indices`
	if strings.Join(header, "\n") != want {
		t.Errorf("header is\n%s\nwant\n%s", strings.Join(header, "\n"), want)
	}
	if len(body) != 8*27+12*13 {
		t.Fatalf("body has %d bytes, want %d", len(body), 8*27+12*13)
	}
	vertex := body[7*27:]
	if y := math.Float32frombits(binary.LittleEndian.Uint32(vertex[4:])); y != 0.25 {
		t.Errorf("the last vertex has y %v, want 0.25", y)
	}
	if color := [3]uint8(vertex[24:27]); color != [3]uint8{220, 40, 20} {
		t.Errorf("the last vertex has color %v, want 220 40 20", color)
	}
	face := body[8*27+11*13:]
	for k, v := range m.Triangles[11] {
		if face[0] != 3 || binary.LittleEndian.Uint32(face[1+4*k:]) != v {
			t.Errorf("the last face is % x, want 3 vertices %v", face, m.Triangles[11])
		}
	}
}

// splats returns the Gaussians of a splat PLY by field name.
func splats(t *testing.T, m *mesh.Mesh, options mesh.SplatOptions) []map[string]float64 {
	t.Helper()
	var file bytes.Buffer
	if err := m.WriteSplat(&file, origin, options); err != nil {
		t.Fatal(err)
	}
	header, body := readPLY(t, file.Bytes())
	var fields []string
	for _, line := range header[4:] {
		name, found := strings.CutPrefix(line, "property float ")
		if !found {
			t.Fatalf("header has the line %q", line)
		}
		fields = append(fields, name)
	}
	var rows []map[string]float64
	for len(body) > 0 {
		row := map[string]float64{}
		for _, name := range fields {
			row[name] = float64(math.Float32frombits(binary.LittleEndian.Uint32(body)))
			body = body[4:]
		}
		rows = append(rows, row)
	}
	return rows
}

func TestWriteSplatPlacesDiscsOnTheSurface(t *testing.T) {
	m := box(1, 1, 1)
	// Use flat face normals: no two triangles share vertices.
	flat := &mesh.Mesh{}
	for _, tr := range m.Triangles {
		first := uint32(len(flat.Positions))
		for _, v := range tr {
			flat.Positions, flat.Colors = append(flat.Positions, m.Positions[v]), append(flat.Colors, [4]uint8{255, 0, 51, 255})
		}
		flat.Triangles = append(flat.Triangles, [3]uint32{first, first + 1, first + 2})
	}
	rows := splats(t, flat, mesh.SplatOptions{Count: 6000, Seed: 5})
	if len(rows) != 6000 {
		t.Fatalf("%d Gaussians, want 6000", len(rows))
	}
	faces := map[string]int{}
	for _, g := range rows {
		w, x, y, z := g["rot_0"], g["rot_1"], g["rot_2"], g["rot_3"]
		if n := w*w + x*x + y*y + z*z; math.Abs(n-1) > 1e-4 {
			t.Fatalf("rotation has length %v", n)
		}
		// The quaternion rotates +Z onto the disc's normal.
		turned := [3]float64{2 * (x*z + w*y), 2 * (y*z - w*x), 1 - 2*(x*x+y*y)}
		for k, axis := range []string{"x", "y", "z"} {
			if math.Abs(turned[k]-g["n"+axis]) > 1e-3 {
				t.Fatalf("disc faces %v, want the normal %v %v %v", turned, g["nx"], g["ny"], g["nz"])
			}
		}
		if along := g["x"]*g["nx"] + g["y"]*g["ny"] + g["z"]*g["nz"]; math.Abs(along-0.5) > 1e-3 {
			t.Fatalf("Gaussian at %v %v %v is not on the face with its normal", g["x"], g["y"], g["z"])
		}
		for k, want := range []float64{1, 0, 0.2} {
			if c := 0.5 + 0.28209479*g[fmt.Sprintf("f_dc_%d", k)]; math.Abs(c-want) > 1e-4 {
				t.Fatalf("color %d is %v, want %v", k, c, want)
			}
		}
		if o := 1 / (1 + math.Exp(-g["opacity"])); o < 0.9 || o >= 1 {
			t.Fatalf("opacity is %v", o)
		}
		if s := math.Exp(g["scale_0"]); g["scale_0"] != g["scale_1"] || s > 0.05 || s < 0.01 || math.Exp(g["scale_2"]) > s/5 {
			t.Fatalf("scales are %v, %v, %v, want a flat disc about as wide as the distance to the next", g["scale_0"], g["scale_1"], g["scale_2"])
		}
		faces[fmt.Sprintf("%.0f %.0f %.0f", g["nx"], g["ny"], g["nz"])]++
	}
	if len(faces) != 6 {
		t.Errorf("Gaussians face %v, want the six sides", faces)
	}
	for side, n := range faces {
		if n < 990 || n > 1010 {
			t.Errorf("side %s has %d of 6000 Gaussians, want a sixth", side, n)
		}
	}
}

func TestWriteSplatIsDeterministicBySeed(t *testing.T) {
	write := func(seed uint32) string {
		var file bytes.Buffer
		if err := box(1, 1, 1).WriteSplat(&file, origin, mesh.SplatOptions{Count: 50, Seed: seed}); err != nil {
			t.Fatal(err)
		}
		return file.String()
	}
	if first, again := write(1), write(1); first != again {
		t.Error("the same seed gives two files")
	}
	if write(1) == write(2) {
		t.Error("two seeds give the same file")
	}
}

// full is a writer to a full disk.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWritersReturnErrors(t *testing.T) {
	for name, write := range map[string]func(*mesh.Mesh, io.Writer) error{
		"GLB":   func(m *mesh.Mesh, w io.Writer) error { return m.WriteGLB(w, origin) },
		"PLY":   func(m *mesh.Mesh, w io.Writer) error { return m.WritePLY(w, origin) },
		"splat": func(m *mesh.Mesh, w io.Writer) error { return m.WriteSplat(w, origin, mesh.SplatOptions{}) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := write(box(1, 1, 1), full{}); !errors.Is(err, errFull) {
				t.Errorf("a full disk gave %v", err)
			}
			if err := write(&mesh.Mesh{}, io.Discard); err == nil {
				t.Error("an empty mesh was written")
			}
		})
	}
}
