package scene_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"gen3d/internal/job"
	"gen3d/internal/scene"
	"gen3d/model-image/server/mesh"
)

// shrinking is a file that becomes shorter.
type shrinking struct {
	stored
	missing int64
}

func (s *shrinking) Open(ctx context.Context, offset, count int64) (io.ReadCloser, error) {
	return s.stored.Open(ctx, offset, count-s.missing)
}

var splatFields = []string{"x", "y", "z", "f_dc_0", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"}

// splatOf returns a splat of Gaussians with the given fields.
func splatOf(fields []string, rows ...[]float32) stored {
	header := fmt.Sprintf("ply\nformat binary_little_endian 1.0\ncomment by hand\nelement vertex %d\n", len(rows))
	for _, f := range fields {
		header += "property float " + f + "\n"
	}
	out := []byte(header + "end_header\n")
	for _, row := range rows {
		for _, v := range row {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out
}

// rows reads the Gaussians of a splat and its fields.
func rows(t testing.TB, data []byte) (fields []string, values []map[string]float64) {
	t.Helper()
	header, body, ok := bytes.Cut(data, []byte("end_header\n"))
	if !ok {
		t.Fatalf("no header in %.100q", data)
	}
	for line := range strings.SplitSeq(string(header), "\n") {
		if name, ok := strings.CutPrefix(line, "property float "); ok {
			fields = append(fields, name)
		}
	}
	for at := 0; at < len(body); {
		row := map[string]float64{}
		for _, f := range fields {
			row[f] = float64(math.Float32frombits(binary.LittleEndian.Uint32(body[at:])))
			at += 4
		}
		values = append(values, row)
	}
	if want := fmt.Sprintf("element vertex %d\n", len(values)); !strings.Contains(string(header), want) {
		t.Errorf("the header does not say %q: %s", want, header)
	}
	return fields, values
}

// covariance returns the covariance of a Gaussian along the axes of the file.
func covariance(row map[string]float64) (sum [3][3]float64) {
	q := [4]float64{row["rot_0"], row["rot_1"], row["rot_2"], row["rot_3"]}
	for axis := range 3 {
		var along [3]float64
		along[axis] = math.Exp(row[fmt.Sprint("scale_", axis)])
		v := turned(q, along)
		for i := range 3 {
			for j := range 3 {
				sum[i][j] += v[i] * v[j]
			}
		}
	}
	return sum
}

func TestGaussiansMoveAsTheirMeshDoes(t *testing.T) {
	half := float32(math.Sqrt(0.5))
	one := splatOf(splatFields, []float32{0.1, 0.2, 0.3, 1.5, 2.5, -3, -4, -5, half, 0, half, 0})
	two := splatOf(splatFields,
		[]float32{-0.1, 0, 0, 0.5, 1, -2, -2, -6, 1, 0, 0, 0}, []float32{0, -0.4, 0.2, 0.25, -1, -1, -2, -3, 0.5, 0.5, -0.5, 0.5})
	poses := []job.Pose{
		{Rotation: [4]float64{0.5, -0.5, 0.5, 0.5}, Translation: [3]float64{1, 2, 3}, Scale: [3]float64{2, 2, 2}},
		{Rotation: [4]float64{0.6, 0, 0.8, 0}, Translation: [3]float64{-1, 0, 4}, Scale: [3]float64{0.5, 0.5, 0.5}},
	}
	s := scene.Scene{Backend: job.BackendSAM3D, Objects: []scene.Object{
		{Number: 1, Pose: poses[0], File: one}, {Number: 2, Pose: poses[1], File: two},
	}}
	f, err := s.Splat(t.Context())
	data := content(t, f, err)
	fields, got := rows(t, data)
	if strings.Join(fields, " ") != strings.Join(splatFields, " ") || !bytes.Contains(data, []byte("comment Gen3D, backend sam3d\n")) {
		t.Errorf("the header is %.400q", data)
	}
	_, first := rows(t, one)
	_, second := rows(t, two)
	if len(got) != 3 {
		t.Fatalf("the scene has %d Gaussians", len(got))
	}
	for i, from := range append(first, second...) {
		pose := poses[min(i, 1)]
		q := pose.Rotation
		toScene := func(v [3]float64) [3]float64 { return [3]float64{-v[0], v[1], -v[2]} }
		at := turned(q, [3]float64{from["x"] * pose.Scale[0], from["y"] * pose.Scale[0], from["z"] * pose.Scale[0]})
		for k := range at {
			at[k] += pose.Translation[k]
		}
		if want, is := toScene(at), [3]float64{got[i]["x"], got[i]["y"], got[i]["z"]}; !near(is, want, 1e-5) {
			t.Errorf("Gaussian %d is at %v, not %v", i, is, want)
		}
		// The covariance turns and grows with the object: s² R Σ Rᵀ. Each of
		// its rows is turned, and then each column.
		want := covariance(from)
		for range 2 {
			var next [3][3]float64
			for row := range 3 {
				v := toScene(turned(q, want[row]))
				for k := range 3 {
					next[k][row] = v[k] * pose.Scale[0]
				}
			}
			want = next
		}
		is := covariance(got[i])
		for k := range 3 {
			if !near(is[k], want[k], 1e-4*math.Abs(want[0][0]+want[1][1]+want[2][2])) {
				t.Errorf("Gaussian %d has the covariance %v, not %v", i, is, want)
			}
		}
		if got[i]["f_dc_0"] != from["f_dc_0"] || got[i]["opacity"] != from["opacity"] {
			t.Errorf("Gaussian %d has the color %v and the opacity %v", i, got[i]["f_dc_0"], got[i]["opacity"])
		}
	}
	r := f.Open(t.Context())
	defer func() { _ = r.Close() }()
	if err := iotest.TestReader(r, data); err != nil {
		t.Error(err)
	}
}

// The splats of relief have normals and empty harmonics.
func TestSplatsOfReliefAreCombined(t *testing.T) {
	var out bytes.Buffer
	if err := tetrahedron(9).WriteSplat(&out, mesh.Origin{Backend: "relief"}, mesh.SplatOptions{Count: 500}); err != nil {
		t.Fatal(err)
	}
	file := stored(out.Bytes())
	s := scene.Scene{Objects: []scene.Object{{Number: 1, Pose: poseAt(0, 0, 1, 1), File: file}, {Number: 2, Pose: poseAt(3, 0, 1, 1), File: file}}}
	f, err := s.Splat(t.Context())
	_, got := rows(t, content(t, f, err))
	_, from := rows(t, file)
	if len(got) != 1000 {
		t.Fatalf("the scene has %d Gaussians", len(got))
	}
	for i, row := range got {
		was := from[i%500]
		if row["nx"] != -was["nx"] || row["ny"] != was["ny"] || row["nz"] != -was["nz"] {
			t.Fatalf("the normal of Gaussian %d was %v and is %v", i, was, row)
		}
	}
}

func TestSplatsThatCannotBeCombinedAreRefused(t *testing.T) {
	row := []float32{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}
	good := splatOf(splatFields, row)
	for name, test := range map[string]struct {
		file stored
		pose job.Pose
		says string
	}{
		"empty":            {stored(nil), poseAt(0, 0, 1, 1), "bytes"},
		"no header":        {stored("ply\nformat"), poseAt(0, 0, 1, 1), "PLY"},
		"only a header":    {stored("ply\nend_header\n"), poseAt(0, 0, 1, 1), "binary"},
		"text":             {stored(strings.Replace(string(good), "binary_little_endian", "ascii", 1)), poseAt(0, 0, 1, 1), "format ascii"},
		"faces":            {stored(strings.Replace(string(good), "end_header", "element face 1\nend_header", 1)), poseAt(0, 0, 1, 1), "element face"},
		"doubles":          {stored(strings.Replace(string(good), "property float opacity", "property double opacity", 1)), poseAt(0, 0, 1, 1), "double"},
		"cut off":          {good[:len(good)-1], poseAt(0, 0, 1, 1), "Gaussians"},
		"a huge count":     {stored(strings.Replace(string(good), "vertex 1", "vertex 4611686018427387904", 1)), poseAt(0, 0, 1, 1), "Gaussians"},
		"no rotation":      {splatOf(splatFields[:8], row[:8]), poseAt(0, 0, 1, 1), "other fields"},
		"a flattened pose": {good, job.Pose{Rotation: [4]float64{1, 0, 0, 0}, Scale: [3]float64{1, 2, 1}}, "along all axes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scene.Scene{Objects: []scene.Object{{Number: 1, Pose: poseAt(0, 0, 1, 1), File: good}, {Number: 2, Pose: test.pose, File: test.file}}}
			f, err := s.Splat(t.Context())
			if err == nil {
				t.Fatalf("it is in a scene of %d bytes", f.Size())
			}
			if !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), "object 2: ") {
				t.Errorf("the error is %q, which does not say %q", err, test.says)
			}
		})
	}
}

func TestColorsThatDependOnTheViewFailTheRead(t *testing.T) {
	fields := append([]string{"f_rest_0"}, splatFields...)
	file := splatOf(fields, []float32{0.5, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0})
	s := scene.Scene{Objects: []scene.Object{{Number: 4, Pose: poseAt(0, 0, 1, 1), File: file}}}
	f, err := s.Splat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(f.Open(t.Context())); err == nil || !strings.Contains(err.Error(), "object 4: the colors") {
		t.Errorf("the error is %v", err)
	}
}

func TestAReadStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	row := []float32{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}
	s := scene.Scene{Objects: []scene.Object{{Number: 1, Pose: poseAt(0, 0, 1, 1), File: splatOf(splatFields, row)}}}
	f, err := s.Splat(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r := f.Open(ctx)
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func FuzzSplat(f *testing.F) {
	row := []float32{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}
	f.Add([]byte(splatOf(splatFields, row, row)))
	f.Add([]byte(splatOf(splatFields)))
	f.Add([]byte("ply\nend_header\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := scene.Scene{Objects: []scene.Object{{Number: 1, Pose: poseAt(0, 0, 1, 2), File: stored(data)}}}
		file, err := s.Splat(t.Context())
		if err != nil {
			return
		}
		moved, err := io.ReadAll(file.Open(t.Context()))
		if err != nil {
			return // such as colors that depend on the view
		}
		if int64(len(moved)) != file.Size() {
			t.Fatalf("the scene has %d bytes and says %d", len(moved), file.Size())
		}
		again := scene.Scene{Objects: []scene.Object{{Number: 1, Pose: poseAt(0, 0, 1, 1), File: stored(moved)}}}
		if _, err := again.Splat(t.Context()); err != nil {
			t.Fatalf("the scene is not a splat: %v\n%q", err, moved)
		}
	})
}
