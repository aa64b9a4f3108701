// Package commandline is what the project's commands have in common: how their help reads, which subcommand is meant, and
// sizes as flags.
//
//	fs := commandline.NewFlagSet("vault")
//	fs.Var(&capacity, "capacity", "hold at most `SIZE` of data") // a commandline.Size
//	fmt.Println(commandline.Usage(commandline.Chosen(root, args)))
//
// It prints nothing itself. Not safe for concurrent use.
package commandline
