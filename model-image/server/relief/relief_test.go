package relief_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"reflect"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/mesh"
	"gen3d/model-image/server/relief"
)

// shape returns a mask of the pixels whose centers are in the region.
func shape(width, height int, region func(x, y float64) bool) *mask.Mask {
	m := mask.New(image.Rect(0, 0, width, height), width, height)
	for y := range height {
		for x := range width {
			if region(float64(x)+0.5, float64(y)+0.5) {
				m.Cover[y*width+x] = 255
			}
		}
	}
	return m
}

func disc(cx, cy, r float64) func(x, y float64) bool {
	return func(x, y float64) bool { return math.Hypot(x-cx, y-cy) < r }
}

// picture returns a picture whose quarters are red, green, blue and white.
func picture(width, height int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.NRGBA{200, 30, 30, 255}
			switch right, low := x >= width/2, y >= height/2; {
			case right && low:
				c = color.NRGBA{230, 230, 230, 255}
			case right:
				c = color.NRGBA{30, 160, 30, 255}
			case low:
				c = color.NRGBA{30, 30, 200, 255}
			}
			p.SetNRGBA(x, y, c)
		}
	}
	return p
}

// reconstruct returns a mesh after checking the properties that all meshes
// have.
func reconstruct(t *testing.T, photo image.Image, m *mask.Mask) (*mesh.Mesh, job.Pose) {
	t.Helper()
	out, pose, err := relief.Reconstruct(t.Context(), photo, m, settings(t, job.QualityStandard))
	if err != nil {
		t.Fatal(err)
	}
	checkSolid(t, out)
	return out, pose
}

func checkSolid(t *testing.T, m *mesh.Mesh) {
	t.Helper()
	if err := m.CheckClosed(); err != nil {
		t.Fatal(err)
	}
	for i, part := range m.Parts() {
		if v := part.Volume(); v <= 0 {
			t.Fatalf("part %d has volume %v, want it wound outward", i, v)
		}
	}
	b := m.Stats().Bounds
	longest := 0.0
	for k := range 3 {
		if c := b[0][k] + b[1][k]; math.Abs(c) > 1e-5 {
			t.Fatalf("bounds are %v, want them centered", b)
		}
		longest = max(longest, b[1][k]-b[0][k])
	}
	if math.Abs(longest-1) > 1e-5 {
		t.Fatalf("the longest side is %v, want 1", longest)
	}
	for i, n := range m.Normals {
		if l := math.Hypot(math.Hypot(float64(n[0]), float64(n[1])), float64(n[2])); math.Abs(l-1) > 1e-4 {
			t.Fatalf("normal %d has length %v", i, l)
		}
	}
	if len(m.Normals) != len(m.Positions) {
		t.Fatalf("%d normals for %d vertices", len(m.Normals), len(m.Positions))
	}
}

// holes returns the genus of a closed mesh of one part, by Euler's formula.
func holes(m *mesh.Mesh) int {
	edges := len(m.Triangles) * 3 / 2
	return (2 - (len(m.Positions) - edges + len(m.Triangles))) / 2
}

func TestDiscBecomesASpheroid(t *testing.T) {
	m, _ := reconstruct(t, picture(400, 400), shape(400, 400, disc(200, 200, 120)))
	if parts, handles := len(m.Parts()), holes(m); parts != 1 || handles != 0 {
		t.Errorf("%d parts with %d holes, want one ball", parts, handles)
	}
	if n := len(m.Triangles); n < 20000 || n > 60000 {
		t.Errorf("%d triangles, want 20,000 to 60,000", n)
	}
	depth := m.Stats().Bounds[1][2] - m.Stats().Bounds[0][2]
	if depth < 0.2 || depth > 0.8 {
		t.Errorf("the disc is %v deep, want a cushion", depth)
	}
	// The outline is a circle, without a staircase.
	for i, p := range m.Positions {
		if r := math.Hypot(float64(p[0]), float64(p[1])); r > 0.504 {
			t.Fatalf("vertex %d is %v from the middle, want at most the radius, 0.5", i, r)
		}
		if math.Abs(float64(m.Normals[i][2])) < 0.3 {
			if r := math.Hypot(float64(p[0]), float64(p[1])); r < 0.47 {
				t.Fatalf("vertex %d at radius %v faces sideways: %v", i, r, m.Normals[i])
			}
		}
	}
	// The front is a spheroid, z/depth = √(1 - r²/R²), except for the softened
	// rim.
	top := 0.0
	for _, p := range m.Positions {
		top = max(top, float64(p[2]))
	}
	b := m.Stats().Bounds
	rimZ := b[1][2] - (b[1][2]-b[0][2])*0.46/(0.46+0.30)
	for i, p := range m.Positions {
		r := 2 * math.Hypot(float64(p[0]), float64(p[1]))
		if float64(p[2]) <= rimZ+0.01 || r > 0.9 {
			continue
		}
		want := rimZ + (top-rimZ)*math.Sqrt(1-r*r)
		if math.Abs(float64(p[2])-want) > 0.01 {
			t.Fatalf("vertex %d at radius %.3f is at height %v, want %v", i, r, p[2], want)
		}
	}
}

func TestRingKeepsItsHole(t *testing.T) {
	m, _ := reconstruct(t, picture(300, 300), shape(300, 300, func(x, y float64) bool {
		return disc(150, 150, 100)(x, y) && !disc(150, 150, 50)(x, y)
	}))
	if parts, handles := len(m.Parts()), holes(m); parts != 1 || handles != 1 {
		t.Errorf("%d parts with %d holes, want a torus", parts, handles)
	}
}

func TestSeparateRegionsAreClosed(t *testing.T) {
	region := func(x, y float64) bool {
		return disc(80, 150, 60)(x, y) || disc(230, 150, 40)(x, y) || disc(280, 20, 5)(x, y)
	}
	m, _ := reconstruct(t, picture(300, 300), shape(300, 300, region))
	parts := m.Parts()
	if len(parts) != 2 {
		t.Fatalf("%d parts, want the two large ones", len(parts))
	}
	for i, p := range parts {
		if err := p.CheckClosed(); err != nil {
			t.Errorf("part %d: %v", i, err)
		}
	}
}

func TestRegionsTouchingAtACornerStayManifold(t *testing.T) {
	reconstruct(t, picture(64, 64), shape(64, 64, func(x, y float64) bool { return (x < 32) == (y < 32) }))
}

func TestThinObjectsAreKept(t *testing.T) {
	for name, region := range map[string]func(x, y float64) bool{
		"horizontal line": func(_, y float64) bool { return y == 50.5 },
		"vertical line":   func(x, _ float64) bool { return x == 20.5 },
		"diagonal line":   func(x, y float64) bool { return x == y },
		"single pixel":    func(x, y float64) bool { return x == 50.5 && y == 50.5 },
		"corner pixel":    func(x, y float64) bool { return x == 0.5 && y == 0.5 },
		"dashes":          func(x, y float64) bool { return y == 50.5 && int(x)%9 < 6 },
		"all":             func(_, _ float64) bool { return true },
	} {
		t.Run(name, func(t *testing.T) {
			reconstruct(t, picture(100, 100), shape(100, 100, region))
		})
	}
	t.Run("hairline of a large mask", func(t *testing.T) {
		m, _ := reconstruct(t, picture(2000, 1500), shape(2000, 1500, func(x, y float64) bool { return math.Abs(x*0.75-y) < 0.6 }))
		b := m.Stats().Bounds
		if b[1][0]-b[0][0] < 0.99 || b[1][1]-b[0][1] < 0.7 {
			t.Errorf("bounds are %v, want those of the whole diagonal", b)
		}
	})
}

func TestMaskAtTheBorderIsClosed(t *testing.T) {
	m, _ := reconstruct(t, picture(200, 150), shape(200, 150, func(x, y float64) bool { return x < 60 || y > 100 }))
	if parts := len(m.Parts()); parts != 1 {
		t.Errorf("%d parts, want one", parts)
	}
}

func TestFrontShowsThePhotoUpright(t *testing.T) {
	m, _ := reconstruct(t, picture(400, 400), shape(400, 400, disc(200, 200, 120)))
	for i, p := range m.Positions {
		if m.Normals[i][2] < 0.5 || math.Abs(float64(p[0])) < 0.05 || math.Abs(float64(p[1])) < 0.05 {
			continue
		}
		want := [4]uint8{200, 30, 30, 255} // upper left
		switch right, low := p[0] > 0, p[1] < 0; {
		case right && low:
			want = [4]uint8{230, 230, 230, 255}
		case right:
			want = [4]uint8{30, 160, 30, 255}
		case low:
			want = [4]uint8{30, 30, 200, 255}
		}
		if m.Colors[i] != want {
			t.Fatalf("vertex %d at %v has color %v, want the photo's %v", i, p, m.Colors[i], want)
		}
	}
}

func TestSurroundingsDoNotColorTheOutline(t *testing.T) {
	p := image.NewNRGBA(image.Rect(0, 0, 300, 300))
	for y := range 300 {
		for x := range 300 {
			c := color.NRGBA{20, 240, 20, 255}
			if math.Hypot(float64(x)+0.5-150, float64(y)+0.5-150) < 99 { // the mask is a pixel too wide
				c = color.NRGBA{210, 40, 40, 255}
			}
			p.SetNRGBA(x, y, c)
		}
	}
	m, _ := reconstruct(t, p, shape(300, 300, disc(150, 150, 100)))
	for i, c := range m.Colors {
		if c[1] > 60 {
			t.Fatalf("vertex %d at %v has color %v, want none of the surrounding green", i, m.Positions[i], c)
		}
	}
}

func TestTransparentPixelsGiveNoColor(t *testing.T) {
	p := image.NewNRGBA(image.Rect(0, 0, 200, 200)) // transparent black
	region := disc(100, 100, 70)
	for y := range 200 {
		for x := range 200 {
			if region(float64(x)+0.5, float64(y)+0.5) && !disc(100, 100, 12)(float64(x), float64(y)) {
				p.SetNRGBA(x, y, color.NRGBA{240, 200, 160, 255})
			}
		}
	}
	m, _ := reconstruct(t, p, shape(200, 200, region))
	for i, c := range m.Colors {
		if c[0] < 190 {
			t.Fatalf("vertex %d at %v has color %v, want no black", i, m.Positions[i], c)
		}
	}
}

// The camera's space has +X left and +Z away.
func TestPose(t *testing.T) {
	m, pose := reconstruct(t, picture(400, 200), shape(400, 200, disc(300, 50, 40)))
	if pose.Rotation != [4]float64{0, 0, 1, 0} {
		t.Errorf("rotation is %v, want half a turn around Y", pose.Rotation)
	}
	// 100 to the right of the center and 50 above it, 80 wide, of 400.
	for k, want := range [2]float64{-0.25, 0.125} {
		if math.Abs(pose.Translation[k]-want) > 0.005 {
			t.Errorf("translation is %v, want -0.25, 0.125 and a distance", pose.Translation)
		}
	}
	for k := range 3 {
		if math.Abs(pose.Scale[k]-0.2) > 0.005 {
			t.Errorf("scale is %v, want 0.2 thrice", pose.Scale)
		}
	}
	if pose.Camera == nil || *pose.Camera != (job.Camera{YMag: 0.25}) {
		t.Errorf("the camera is %+v, want an orthographic one of the picture's height, half of its width", pose.Camera)
	}
	// The outline of every object is at distance 1.
	for i, p := range m.Positions {
		if r := math.Hypot(float64(p[0]), float64(p[1])); r < 0.499 {
			continue
		}
		if z := pose.Translation[2] - float64(p[2])*pose.Scale[2]; math.Abs(z-1) > 0.01 {
			t.Fatalf("vertex %d, on the outline, is at distance %v, want 1", i, z)
		}
	}
}

func TestReconstructIsDeterministic(t *testing.T) {
	p, m := picture(200, 200), shape(200, 200, disc(90, 100, 70))
	first, firstPose := reconstruct(t, p, m)
	second, secondPose := reconstruct(t, p, m)
	if !reflect.DeepEqual(first, second) || !reflect.DeepEqual(firstPose, secondPose) {
		t.Error("two runs differ")
	}
}

func TestEmptyMaskIsAFailure(t *testing.T) {
	_, _, err := relief.Reconstruct(t.Context(), picture(50, 50), shape(50, 50, disc(0, 0, 0)), settings(t, job.QualityStandard))
	if failure, ok := job.AsFailure(err); !ok || failure.Code != job.CodeNoObject {
		t.Errorf("error is %v, want %s", err, job.CodeNoObject)
	}
	_, _, err = relief.Reconstruct(t.Context(), picture(50, 50), &mask.Mask{}, settings(t, job.QualityStandard))
	if _, users := job.AsFailure(err); err == nil || users {
		t.Errorf("a broken mask gave %v, want a fault", err)
	}
}

func TestReconstructStopsWhenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := relief.Reconstruct(ctx, picture(200, 200), shape(200, 200, disc(90, 100, 70)), settings(t, job.QualityStandard))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}
