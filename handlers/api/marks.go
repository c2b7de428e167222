package api

import "gen3d/internal/job"

// submittedMask is a mask that will be uploaded, or one of the job that the
// photo is from.
type submittedMask struct {
	Bytes int64 // 0 for a copy
	Copy  int   // the object of that job, or 0
}

// readMask reads the mask of an object. Only one of an earlier job can be copied.
func readMask(o object, copies bool) *submittedMask {
	mask, ok := o.optionalObject("mask")
	if !ok {
		return nil
	}
	known := []string{"bytes"}
	if copies {
		known = append(known, "copy")
	}
	mask.rejectUnknown(known...)
	return &submittedMask{Bytes: mask.integer("bytes"), Copy: int(mask.integer("copy"))}
}

// fieldOf returns the field of an object that [job.Limits.CheckSelections]
// refuses.
func fieldOf(err error) string {
	failure, ok := job.AsFailure(err)
	if !ok {
		return "box"
	}
	switch failure.Code {
	case job.CodeBadMetadata:
		return "label"
	case job.CodeTooManyPoints, job.CodePointOutside, job.CodeNoPointInside:
		return "points"
	}
	return "box"
}

// points returns the points of the object with an index.
func (o submittedObject) points(index int) ([]job.Point, error) {
	var points []job.Point
	for i, p := range o.Points {
		if len(p) != 3 || p[2] != 0 && p[2] != 1 {
			return nil, job.Invalid(job.CodeBadMetadata, "Point %d of object %d must be three numbers: x, y, and 1 for a point inside the object or 0 for one outside it.", i+1, index+1)
		}
		points = append(points, job.Point{X: p[0], Y: p[1], Inside: p[2] == 1})
	}
	return points, nil
}

// check checks the mask of object n.
func (m *submittedMask) check(n int) error {
	if m.Copy < 0 || m.Copy > 0 && m.Bytes != 0 {
		return job.Invalid(job.CodeBadMask, "The mask of object %d is either uploaded, with its bytes, or a copy of the mask of an object of the earlier job, by its number.", n)
	}
	if m.Copy > 0 {
		return nil
	}
	if failure := job.CheckMaskBytes(m.Bytes); failure != nil {
		return job.RefusedMask(n, failure)
	}
	return nil
}
