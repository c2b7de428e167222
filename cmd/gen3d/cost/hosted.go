package cost

// hosted is a service that makes meshes for a price each.
type hosted struct {
	Service string  `json:"service"`
	Model   string  `json:"model"`
	USD     float64 `json:"meshUsd"`
	Month   float64 `json:"monthUsd"`
	Source  string  `json:"source"`
	Read    string  `json:"read"` // how and when the price was read
}

// hostedServices are services whose price an object is published. None of the
// prices was read at its source: each is from a stored copy of the page, and
// must be looked up before it is relied on. Photos leave the AWS account there.
func hostedServices() []hosted {
	const stored = "stored copy of 2025 or 2026, unchecked"
	return []hosted{
		{Service: "fal.ai", Model: "SAM 3D Objects", USD: 0.02, Source: "https://fal.ai/models/fal-ai/sam-3/3d-objects", Read: stored},
		{Service: "MuAPI", Model: "Meshy 6, another model", USD: 0.50, Source: "https://muapi.ai/zh/meshy", Read: stored},
	}
}
