// Package relief turns the masked part of a photo into a closed mesh on the CPU: the silhouette is inflated like a
// cushion, front and flatter back share its outline, and the colors are the photo's. It knows nothing of what it sees,
// so it is a stand-in for SAM 3D Objects where there is no GPU, and every result names it as its backend.
//
// The steps: the mask becomes a smooth field over a square grid ([newField]); marching squares cuts its outline; the
// height over each inner point is the root of the solution of a Poisson equation that is 0 on the outline, which makes
// a disc a spheroid and rounds every limb by its own width ([field.inflate]); front and back are triangulated over the
// same outline points, so the surface closes by construction ([build]).
package relief

import (
	"context"
	"fmt"
	"image"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/mesh"
)

// Name is the backend's name in results and files.
const Name = job.Backend("relief")

// Reconstruct makes the mesh of the object in the photo that m masks, and tells where in the photo it lies. The mesh is
// closed, wound outwards, in glTF's space, centered, its longest side 1; parts of the mask that do not touch become
// closed parts of it, those under a twentieth of the largest excepted. The same input always gives the same mesh.
//
// The pose turns nothing; its translation is the object's center from the picture's center, x to the right and y up, and
// its scale the object's longest side, both in units of the picture's longest side.
//
// A mask with nothing inside is a [job.Failure]; other errors are ctx's.
func Reconstruct(ctx context.Context, photo image.Image, m *mask.Mask) (*mesh.Mesh, job.Pose, error) {
	if err := m.Validate(); err != nil {
		return nil, job.Pose{}, fmt.Errorf("reconstructing the object: %w", err)
	}
	f := newField(m)
	if f == nil {
		return nil, job.Pose{}, job.Invalid(job.CodeNoObject, "The object's mask is empty; draw the box closer round the object.")
	}
	if err := f.inflate(ctx); err != nil {
		return nil, job.Pose{}, fmt.Errorf("reconstructing the object: %w", err)
	}
	out := build(f, newColors(photo, f))
	if err := ctx.Err(); err != nil {
		return nil, job.Pose{}, fmt.Errorf("reconstructing the object: %w", err)
	}
	center, side := out.Normalize()
	out.Normals = out.SmoothNormals()
	return out, pose(photo.Bounds(), f, center, side), nil
}

// pose places a mesh whose center and longest side were measured in the field's grid units, y up.
func pose(picture image.Rectangle, f *field, center mesh.Vec3, side float32) job.Pose {
	longest := float64(max(picture.Dx(), picture.Dy()))
	x := f.originX + float64(center[0])*f.cell
	y := f.originY - float64(center[1])*f.cell
	scale := float64(side) * f.cell / longest
	return job.Pose{
		Rotation: [4]float64{1, 0, 0, 0},
		Translation: [3]float64{
			(x - float64(picture.Min.X+picture.Max.X)/2) / longest,
			(float64(picture.Min.Y+picture.Max.Y)/2 - y) / longest,
			0,
		},
		Scale: [3]float64{scale, scale, scale},
	}
}
