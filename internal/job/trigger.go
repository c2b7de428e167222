package job

// Trigger is a rule of the data bucket's event notification: the creation of an
// object under Prefix whose key ends in Suffix runs Function. S3 compares
// case-sensitively, and two rules must not overlap:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
type Trigger struct {
	ID       string // unique within the bucket's notification
	Function string
	Prefix   string
	Suffix   string
}

// Functions that events of the data bucket run.
const (
	ExtractFunction = "extract" // for a photo
	NotifyFunction  = "notify"  // for a result document
)

// Triggers returns the rules of the data bucket.
func Triggers() []Trigger {
	triggers := []Trigger{{ID: NotifyFunction + ResultSuffix, Function: NotifyFunction, Prefix: UsersPrefix, Suffix: ResultSuffix}}
	for _, suffix := range ImageSuffixes {
		triggers = append(triggers, Trigger{ID: ExtractFunction + suffix, Function: ExtractFunction, Prefix: UsersPrefix, Suffix: suffix})
	}
	return triggers
}
