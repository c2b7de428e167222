package email

import (
	"fmt"

	"gen3d/internal/job"
)

// Operator is the part of a mail for the administrator.
type Operator struct {
	// Folder is the S3 URI of the job's files.
	Folder string
	// Lines say whether the user got a mail and what an operator can do.
	Lines []string
}

// remedies say what an operator can do for a user who got no mail.
var remedies = map[Reason]string{
	UserUnknown:       "If the photo was copied into the bucket by hand, use the user's sub from the user directory as the folder under users/.",
	NoAddress:         "Set the attributes email and email_verified of the user in the user directory.",
	AddressUnverified: "Once the address is known to be the user's, set email_verified to true: aws cognito-idp admin-update-user-attributes --user-attributes Name=email_verified,Value=true",
	AddressRefused:    "While the account is in SES's sandbox, verify the address in SES or ask AWS for production access.",
}

// Place is where an operator finds a job.
type Place struct {
	Bucket string // the data bucket
	Stack  string // local is the service of one machine
}

// option returns the option of gen3d's commands that chooses the place.
func (p Place) option() string {
	if p.Stack == "local" {
		return "--against local"
	}
	return "--stack " + p.Stack
}

// ForAdmin returns the admin's mail for the user's. user is the outcome of the
// user's mail.
func (e Email) ForAdmin(at Place, user *job.Delivery) Email {
	e.ForUser = false
	switch e.State {
	case job.StateSucceeded:
		e.Heading = "A user's job has succeeded"
		e.Summary = fmt.Sprintf("%s %s ready.", count(len(e.Objects), "mesh"), is(len(e.Objects)))
	case job.StatePartial:
		e.Heading = "A user's job has succeeded in part: " + e.Heading
	default:
		e.Heading = "A user's job has failed"
	}
	e = e.ForBoth(at)
	told := "The user was told in a mail of their own."
	if !user.Sent() {
		reason := Reason(user.Unsent)
		told = fmt.Sprintf("The user was not told: %s. %s", reason, remedies[reason])
	}
	e.Operator.Lines = append([]string{told}, e.Operator.Lines...)
	return e
}

// ForBoth returns the user's mail with the administrator's part, for a user who
// is the administrator.
func (e Email) ForBoth(at Place) Email {
	ref := job.Ref{User: e.UserID, Job: e.JobID}
	folder := "s3://" + at.Bucket + "/" + ref.OutputPrefix()
	e.Operator = &Operator{Folder: folder, Lines: []string{"To fetch them: aws s3 cp --recursive " + folder + " ."}}
	if e.State != job.StateSucceeded {
		e.Operator.Lines = append(e.Operator.Lines,
			fmt.Sprintf("To find out why, in the checkout: bin/gen3d jobs show %s %s --user %s", at.option(), e.JobID, e.UserID),
			"The logs of Extract, the endpoint and Notify have the job's number.")
	}
	return e
}
