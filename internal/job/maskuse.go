package job

// MaskSource is where the mask of an object came from.
type MaskSource string

// The sources, in the order in which they are preferred.
const (
	MaskGiven     MaskSource = "given"     // by the user
	MaskPoints    MaskSource = "points"    // found from the user's points, within the box if there is one
	MaskSegmenter MaskSource = "segmenter" // found in the box, or in a picture without a box
	MaskAlpha     MaskSource = "alpha"     // the picture's alpha channel
	MaskWhole     MaskSource = "whole"     // all of a picture in which nothing stands out
)

// MaskUse describes the mask that the model used for an object. The mask itself
// is the object's file of [FormatMask].
type MaskUse struct {
	Source MaskSource `json:"source"`
	// Share of the box, or of the picture if the object has no box, that the
	// mask covers: 0 to 1.
	Share float64 `json:"share"`
	// Score is the segmenter's estimate of the mask's quality, 0 to 1, or nil
	// for a mask without such an estimate.
	Score *float64 `json:"score,omitempty"`
}

// Limits of a mask that needs no check by the user.
const (
	// leastScore is the threshold at which SAM 2 itself drops masks by its
	// estimate of their quality (pred_iou_thresh of SAM2AutomaticMaskGenerator,
	// sam2/automatic_mask_generator.py of facebookresearch/sam2).
	leastScore = 0.8
	// leastShare and mostShare limit the share of a box. A straight object
	// across the box's diagonal that covers less is more than forty times as
	// long as wide; one that covers more hardly leaves an outline to find.
	leastShare = 0.05
	mostShare  = 0.97
)

// CheckMask reports whether the user should look at the mask that was found for
// the object, because it may be wrong: its score is low, it covers hardly any or
// nearly all of its box, or it is the whole of a picture in which nothing was
// found. A mask that the user made, as a file or as the alpha channel, needs no
// check.
func (o Object) CheckMask(m MaskUse) bool {
	switch m.Source {
	case MaskGiven, MaskAlpha:
		return false
	case MaskWhole:
		return true
	}
	if m.Score != nil && *m.Score < leastScore {
		return true
	}
	return o.Box != nil && (m.Share < leastShare || m.Share > mostShare)
}
