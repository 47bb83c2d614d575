from twitterhandler.cli import main

main()
