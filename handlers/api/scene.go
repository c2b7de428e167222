package api

import (
	"context"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// sceneState is the state of a job's scene.
type sceneState string

const (
	sceneMaking    sceneState = "making" // all objects are finished
	sceneSucceeded sceneState = "succeeded"
	sceneFailed    sceneState = "failed" // some files can be there
)

// sceneDetail is the scene of a finished job: its objects in their places in the
// photo.
type sceneDetail struct {
	State    sceneState   `json:"state"`
	Error    *job.Failure `json:"error,omitempty"`
	Files    []fileDetail `json:"files"`
	Objects  []int        `json:"objects"`
	Unplaced []int        `json:"unplaced"`
}

// sceneOf returns the job's scene, or nil if it has none. A job whose mails are
// sent without a scene was finished by a version that made none.
func sceneOf(ctx context.Context, sum job.Summary, docs *bucket.Content, links *links) (*sceneDetail, error) {
	m, stored := docs.Manifest, docs.Scene
	if stored == nil {
		notified := docs.Notice != nil && docs.Notice.Sent()
		if !sum.State.Finished() || notified || len(job.SceneFormats(m, docs.Results)) == 0 {
			return nil, nil
		}
		return &sceneDetail{State: sceneMaking, Files: []fileDetail{}, Objects: []int{}, Unplaced: []int{}}, nil
	}
	detail := &sceneDetail{
		State: sceneSucceeded, Error: stored.Error, Files: []fileDetail{},
		Objects: append([]int{}, stored.Objects...), Unplaced: append([]int{}, stored.Unplaced...),
	}
	if stored.Status == job.StatusFailed {
		detail.State = sceneFailed
	}
	for _, f := range stored.Files {
		info, ok := f.Format.SceneFile()
		if !ok {
			continue
		}
		file, err := links.file(ctx, m.Ref().SceneFileKey(f.Format), f.Format, safeName(m.Source.Name)+info.DownloadSuffix, f.Bytes)
		if err != nil {
			return nil, err
		}
		detail.Files = append(detail.Files, file)
	}
	return detail, nil
}
