from trending.cli import main

main()
