package relief_test

import (
	"bytes"
	"errors"
	"testing"

	"gen3d/model-image/server/mesh"
)

// The size of an object's files depends on its size in the photo, up to a
// maximum.
func TestFileSizesFollowThePicture(t *testing.T) {
	for _, c := range []struct {
		width, height         int
		fewest, most          int // triangles
		leastBytes, mostBytes int // without the textured GLB
		mostLight             int // bytes of the textured GLB
	}{
		{24, 24, 1_000, 8_000, 100_000, 1_500_000, 300_000},
		{96, 96, 8_000, 20_000, 1_000_000, 3_500_000, 800_000},
		{640, 480, 30_000, 60_000, 5_000_000, 10_000_000, 5_000_000},
		{4000, 3000, 30_000, 60_000, 5_000_000, 10_000_000, 5_000_000},
	} {
		m, _ := reconstruct(t, picture(c.width, c.height), shape(c.width, c.height, func(_, _ float64) bool { return true }))
		var light, glb, ply, splat bytes.Buffer
		from := mesh.Origin{Name: "picture", Backend: "relief"}
		if err := errors.Join(m.WriteTexturedGLB(&light, from), m.WriteGLB(&glb, from), m.WritePLY(&ply, from), m.WriteSplat(&splat, from, mesh.SplatOptions{})); err != nil {
			t.Fatal(err)
		}
		total := glb.Len() + ply.Len() + splat.Len()
		if light.Len() > c.mostLight {
			t.Errorf("%d × %d: the textured GLB has %d bytes, want %d at most", c.width, c.height, light.Len(), c.mostLight)
		}
		t.Logf("%d × %d: %d triangles, %d bytes: textured GLB %d, GLB %d, PLY %d, splat %d", c.width, c.height, len(m.Triangles), total, light.Len(), glb.Len(), ply.Len(), splat.Len())
		if n := len(m.Triangles); n < c.fewest || n > c.most {
			t.Errorf("%d × %d: %d triangles, want %d to %d", c.width, c.height, n, c.fewest, c.most)
		}
		if total < c.leastBytes || total > c.mostBytes {
			t.Errorf("%d × %d: %d bytes, want %d to %d", c.width, c.height, total, c.leastBytes, c.mostBytes)
		}
	}
}
