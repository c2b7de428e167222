package objectstore

import "gen3d/internal/job"

// DataRules returns the rules of the data bucket's notification
// ([job.Triggers]) for a bucket of the given name.
func DataRules(bucket string) []Rule {
	var rules []Rule
	for _, t := range job.Triggers() {
		rules = append(rules, Rule{ID: t.ID, Bucket: bucket, Prefix: t.Prefix, Suffix: t.Suffix, Function: t.Function})
	}
	return rules
}
