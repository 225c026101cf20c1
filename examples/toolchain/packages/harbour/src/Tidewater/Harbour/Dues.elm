module Tidewater.Harbour.Dues exposing (Stay(..), dues)

{-| What a port charges for a ship, in cents.
-}

import Tidewater.Harbour.Berth exposing (Berth)


type Stay
    = Waiting Int
    | Alongside Berth Int


dues : Int -> Stay -> Int
dues tonnes stay =
    case stay of
        Waiting hours ->
            tonnes * hours // 10

        Alongside berth hours ->
            tonnes * hours // 4 + berth.length * 120
