package meshfile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"image"
	"io"
	"math"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/smoke/meshfile"
	"gen3d/model-image/server/mesh"
)

// tetrahedron is a mesh of four vertices and four triangles.
func tetrahedron() *mesh.Mesh {
	m := &mesh.Mesh{
		Positions: [][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		Triangles: [][3]uint32{{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}},
	}
	for range m.Positions {
		m.Colors = append(m.Colors, [4]uint8{200, 100, 50, 255})
	}
	return m
}

// written returns the file that a writer of the mesh writes.
func written(t *testing.T, write func(io.Writer, mesh.Origin) error) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := write(&file, mesh.Origin{Name: "cup", Backend: "relief"}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// replaced returns the file with a text of the JSON chunk or of a header
// replaced by one of the same length.
func replaced(t *testing.T, file []byte, from, to string) []byte {
	t.Helper()
	if len(from) != len(to) || !bytes.Contains(file, []byte(from)) {
		t.Fatalf("%q cannot be replaced by %q in %.1500s", from, to, file)
	}
	return bytes.Replace(file, []byte(from), []byte(to), 1)
}

// textured is the tetrahedron with a texture.
func textured() *mesh.Mesh {
	m := tetrahedron()
	m.Texture = &mesh.Texture{Picture: image.NewNRGBA(image.Rect(0, 0, 16, 16)), UV: make([][2]float32, 4)}
	return m
}

func TestGLBChecksTextures(t *testing.T) {
	valid := written(t, textured().WriteTexturedGLB)
	if triangles, err := meshfile.GLB(valid); err != nil || triangles != 4 {
		t.Errorf("%d triangles, %v", triangles, err)
	}
	start := bytes.Index(valid, []byte{0xff, 0xd8, 0xff})
	end := bytes.LastIndex(valid, []byte{0xff, 0xd9})
	scan := start + bytes.Index(valid[start:], []byte{0xff, 0xda})
	changed := func(at, to int) []byte {
		file := bytes.Clone(valid)
		clear(file[at:to])
		return file
	}
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"no picture":   {changed(start, end), "image 0 is no PNG or JPEG"},
		"half of one":  {changed(scan+14, end+2), "image 0 is not whole"},
		"another type": {replaced(t, valid, "image/jpeg", "image/webp"), "is a jpeg of the type"},
		"no data":      {replaced(t, valid, `"mimeType":"image/jpeg","bufferView":4`, `"mimeType":"image/jpeg","bufferView":9`), "image 0 has no data"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := meshfile.GLB(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestGLBCountsTriangles(t *testing.T) {
	triangles, err := meshfile.GLB(written(t, tetrahedron().WriteGLB))
	if err != nil || triangles != 4 {
		t.Errorf("%d triangles, %v", triangles, err)
	}
}

func TestGLBNamesWhatIsWrong(t *testing.T) {
	valid := written(t, tetrahedron().WriteGLB)
	resized := func(file []byte) []byte {
		binary.LittleEndian.PutUint32(file[8:], uint32(len(file)))
		return file
	}
	jsonEnd := 20 + int(binary.LittleEndian.Uint32(valid[12:]))
	nan := bytes.Clone(valid)
	positions := bytes.Index(nan[jsonEnd:], binary.LittleEndian.AppendUint32(nil, math.Float32bits(1))) + jsonEnd
	binary.LittleEndian.PutUint32(nan[positions:], math.Float32bits(float32(math.NaN())))
	outside := bytes.Clone(valid)
	binary.LittleEndian.PutUint32(outside[positions:], math.Float32bits(7))
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"no glTF":                {[]byte("solid cup of tea"), "it is no glTF binary"},
		"empty":                  {nil, "it is no glTF binary"},
		"an old version":         {replaced(t, valid, "glTF\x02", "glTF\x01"), "its version is 1, not 2"},
		"truncated":              {valid[:len(valid)-4], "its header states"},
		"truncated, length set":  {resized(bytes.Clone(valid[:len(valid)-40])), "does not fill the file"},
		"a view of no buffer":    {replaced(t, valid, `"buffer":0`, `"buffer":7`), "buffer view 0 reaches beyond its file's buffers"},
		"an index out of range":  {outOfRange(t, valid), "only 4 vertices"},
		"a position of no value": {nan, "beyond its bounds"},
		"a position outside":     {outside, "beyond its bounds"},
		"no positions":           {replaced(t, valid, `"POSITION"`, `"POSITIOM"`), "has no positions"},
		"no whole triangle":      {replaced(t, valid, `"count":12`, `"count":11`), "make no whole triangles"},
		"an accessor too long":   {replaced(t, valid, `"count":12`, `"count":99`), "reaches beyond its buffer view"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := meshfile.GLB(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// outOfRange returns the file with an index that no vertex has.
func outOfRange(t *testing.T, file []byte) []byte {
	t.Helper()
	first := []byte{0, 0, 2, 0, 1, 0, 0, 0, 1, 0, 3, 0} // of 16 bits
	at := bytes.LastIndex(file, first)
	if at < 0 {
		t.Fatal("the indices are not found")
	}
	changed := bytes.Clone(file)
	changed[at] = 4
	return changed
}

func TestMeshPLYCountsVertices(t *testing.T) {
	vertices, err := meshfile.MeshPLY(written(t, tetrahedron().WritePLY))
	if err != nil || vertices != 4 {
		t.Errorf("%d vertices, %v", vertices, err)
	}
}

func TestMeshPLYNamesWhatIsWrong(t *testing.T) {
	valid := written(t, tetrahedron().WritePLY)
	lastIndex := bytes.Clone(valid)
	lastIndex[len(lastIndex)-4] = 9
	body := bytes.Index(valid, []byte("end_header\n")) + len("end_header\n")
	nan := bytes.Clone(valid)
	binary.LittleEndian.PutUint32(nan[body:], math.Float32bits(float32(math.NaN())))
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"no PLY":             {[]byte("solid"), "it is no PLY"},
		"ASCII":              {[]byte("ply\nformat ascii 1.0\nelement vertex 1\nend_header\n"), "not binary and little-endian"},
		"truncated":          {valid[:len(valid)-1], "it ends before its last element"},
		"too long":           {append(bytes.Clone(valid), 0), "it has 1 bytes after its last element"},
		"a wrong vertex":     {lastIndex, "a face names vertex 9 of 4"},
		"not a number":       {nan, "its vertex x is not a number"},
		"no faces":           {replaced(t, valid, "element face 4", "element fact 4"), "4 vertices and 0 faces"},
		"no x":               {replaced(t, valid, "property float x", "property float w"), "has no property x"},
		"an unknown type":    {replaced(t, valid, "property float x", "property flaot x"), "it is not of PLY"},
		"a negative number":  {replaced(t, valid, "element vertex 4", "element vertex -"), "its number is invalid"},
		"a large number":     {replaced(t, valid, "element vertex 4\nproperty float x", "element vertex 99999999 #comment "), "it is not of PLY"},
		"a property at once": {[]byte("ply\nformat binary_little_endian 1.0\nproperty float x\nend_header\n"), "it is not of PLY"},
		"no properties":      {[]byte("ply\nformat binary_little_endian 1.0\nelement vertex 1000000000\nend_header\n"), "its element vertex has no property"},
		"nothing":            {[]byte("ply\nformat binary_little_endian 1.0\ncomment\nend_header\n"), "it has no element"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := meshfile.MeshPLY(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestSplatPLYNeedsItsFields(t *testing.T) {
	valid := written(t, func(w io.Writer, o mesh.Origin) error { return tetrahedron().WriteSplat(w, o, mesh.SplatOptions{}) })
	if splats, err := meshfile.SplatPLY(valid); err != nil || splats < 4 {
		t.Errorf("%d splats, %v", splats, err)
	}
	if _, err := meshfile.SplatPLY(replaced(t, valid, "opacity", "opacitx")); err == nil || !strings.Contains(err.Error(), "no property opacity") {
		t.Errorf("without opacity: %v", err)
	}
	if _, err := meshfile.SplatPLY(written(t, tetrahedron().WritePLY)); err == nil {
		t.Error("a mesh is taken for a splat")
	}
}

func TestSPZNamesWhatIsWrong(t *testing.T) {
	valid := written(t, func(w io.Writer, _ mesh.Origin) error { return tetrahedron().WriteSPZ(w, mesh.SplatOptions{}) })
	if splats, err := meshfile.SPZ(valid); err != nil || splats != 4 {
		t.Errorf("%d splats, %v", splats, err)
	}
	in, err := gzip.NewReader(bytes.NewReader(valid))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func([]byte) []byte) []byte {
		var file bytes.Buffer
		out := gzip.NewWriter(&file)
		if _, err := out.Write(change(bytes.Clone(body))); err != nil || out.Close() != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	set := func(at int, value byte) func([]byte) []byte {
		return func(b []byte) []byte { b[at] = value; return b }
	}
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":             {nil, "no gzip stream"},
		"another file":      {written(t, tetrahedron().WritePLY), "no gzip stream"},
		"short":             {changed(func(b []byte) []byte { return b[:10] }), "header is incomplete"},
		"another magic":     {changed(set(0, 'X')), "no SPZ"},
		"another version":   {changed(set(4, 3)), "version 3, not 2"},
		"no Gaussian":       {changed(set(8, 0)), "no Gaussian"},
		"harmonics":         {changed(set(12, 1)), "degree 1, not 0"},
		"a point too far":   {changed(set(13, 24)), "24 bits"},
		"a Gaussian less":   {changed(func(b []byte) []byte { return b[:len(b)-1] }), "75 bytes of Gaussians or more, not 76"},
		"a byte too much":   {changed(func(b []byte) []byte { return append(b, 0) }), "77 bytes of Gaussians or more, not 76"},
		"cut off":           {valid[:len(valid)-9], "reading its Gaussians"},
		"a damaged content": {set(len(valid)-8, valid[len(valid)-8]^1)(bytes.Clone(valid)), "reading its Gaussians"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := meshfile.SPZ(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func FuzzFiles(f *testing.F) {
	var glb, ply, spz bytes.Buffer
	if tetrahedron().WriteGLB(&glb, mesh.Origin{}) != nil || tetrahedron().WritePLY(&ply, mesh.Origin{}) != nil ||
		tetrahedron().WriteSPZ(&spz, mesh.SplatOptions{}) != nil {
		f.Fatal("the seeds cannot be written")
	}
	f.Add(glb.Bytes())
	glb.Reset()
	if err := textured().WriteTexturedGLB(&glb, mesh.Origin{}); err != nil {
		f.Fatal(err)
	}
	f.Add(glb.Bytes())
	f.Add(ply.Bytes())
	f.Add(spz.Bytes())
	f.Add([]byte("ply\nformat binary_little_endian 1.0\nelement vertex 1000000000\nend_header\n"))
	f.Fuzz(func(_ *testing.T, file []byte) {
		_, _ = meshfile.GLB(file)
		_, _ = meshfile.MeshPLY(file)
		_, _ = meshfile.SplatPLY(file)
		_, _ = meshfile.SPZ(file)
	})
}
